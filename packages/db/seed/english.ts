import { answers, closes, gives, notes, writes } from './script.ts'
import type { DemoConversation } from './script.ts'

export const english: DemoConversation[] = [
  {
    visitorId: 'vis_olivia_hart',
    name: 'Olivia Hart',
    hoursAgo: 0.1,
    lines: [
      writes('Hi! My floor lamp arrived today but the shade has a dent on one side.'),
      writes('Order BW-20418. I can send a photo if that helps.'),
    ],
  },
  {
    visitorId: 'vis_daniel_okafor',
    name: 'Daniel Okafor',
    hoursAgo: 0.6,
    lines: [
      writes(
        'Is the walnut side table still available in the small size? The page says 2 left but I cannot add it to the cart.',
      ),
      answers('mara', 'Hi Daniel, let me look. Two are in stock, so the button should work.'),
      answers('mara', 'Found it: the page had kept an old state. I have refreshed it, could you try once more?'),
      writes('Works now, thank you! How long does delivery to Leeds take?'),
    ],
  },
  {
    visitorId: 'android_user_789',
    name: 'John Doe',
    hoursAgo: 1.5,
    lines: [
      writes('Hello from my custom chat interface!'),
      answers('tomas', 'Hi John! How can I help you today?'),
      writes('I am testing the connection from our Android app. Does my message reach you in one piece?'),
      answers('tomas', 'It does, first try. Anything else you would like to check?'),
      writes('Notifications next. Will write again tomorrow.'),
    ],
  },
  {
    visitorId: 'vis_grace_liu',
    name: 'Grace Liu',
    hoursAgo: 3,
    lines: [
      writes('My discount code SPRING10 is refused at checkout.'),
      answers('bilal', 'Sorry about that, Grace. Which items are in your basket?'),
      writes('Two linen cushions and the brass tray.'),
      notes('bilal', 'The tray is on sale already, and the code excludes sale items. The error text should say so.'),
      answers(
        'bilal',
        'The tray is reduced already, and the code does not combine with sale items. It works for the cushions if you order the tray separately.',
      ),
      writes('Ah, that makes sense. Could the message say that? I tried five times :)'),
      answers(
        'bilal',
        'You are right, and I have passed it on to our web team. As a thank-you the shipping of the second order is on us.',
      ),
      writes('Very kind, thanks!'),
      closes('bilal'),
    ],
  },
  {
    visitorId: 'vis_7fq2k',
    name: null,
    hoursAgo: 5,
    lines: [writes('do you ship to iceland')],
  },
  {
    visitorId: 'priya.nair@example.com',
    name: 'Priya Nair',
    hoursAgo: 9,
    seen: true,
    lines: [
      writes('I was charged twice for order BW-20377. Both payments show as completed in my bank app.'),
      answers('ananya', 'Thank you for telling us, Priya. I can see both. I am checking with our payment provider.'),
      notes(
        'ananya',
        'Second charge is an authorisation that was never captured; it should fall off in 3 to 5 days. Waiting for the provider to confirm in writing.',
      ),
      gives('ananya', 'mara'),
      answers(
        'mara',
        'Hello Priya, Mara here, I have taken this over. The second one is a reservation, not a payment; your bank should release it by Friday.',
      ),
      writes('Okay. If it is still there on Saturday I will write again.'),
    ],
  },
  {
    visitorId: 'vis_samuel_reed',
    name: 'Samuel Reed',
    hoursAgo: 26,
    lines: [
      writes('Can I change the delivery address of BW-20290? We moved earlier than planned.'),
      answers('mara', 'Of course, as long as it has not left the warehouse. What is the new address?'),
      writes('18 Harrow Lane, Bristol BS4 2JD'),
      answers('mara', 'Changed. You will get a new confirmation by e-mail in a minute.'),
      writes('Got it. Brilliant service.'),
      answers('mara', 'Enjoy the new home!'),
      closes('mara'),
    ],
  },
  {
    visitorId: 'vis_emma_castel',
    name: 'Emma',
    hoursAgo: 49,
    lines: [
      writes('The assembly video for the oak shelf stops at step 4. Is there a printed guide?'),
      answers('tomas', 'Hi Emma! There is; here is what step 4 to 9 come to, I will also send you the PDF by e-mail.'),
      answers(
        'tomas',
        'Step 4: lay both side panels flat, holes facing up. Step 5: press the wooden dowels in by hand, no hammer needed.',
      ),
      answers(
        'tomas',
        'Step 6: put the three middle boards on, the grooved edge to the back. Step 7: slide the back panel into the groove.',
      ),
      answers(
        'tomas',
        'Step 8: close with the second side panel. Step 9: stand it up with two people and fix the wall bracket.',
      ),
      writes('Step 6 was where I went wrong, the groove was at the front!'),
      writes('It stands. Thank you so much.'),
      answers('tomas', 'Great to hear. Please do not skip the wall bracket, especially with children around.'),
      writes('Bracket is in.'),
      closes('tomas'),
    ],
  },
  {
    visitorId: 'vis_noah_bennett',
    name: 'Noah Bennett',
    hoursAgo: 98,
    seen: true,
    lines: [
      writes('Do you offer trade prices? We are fitting out a small hotel, around 30 rooms.'),
      answers('ananya', 'We do, from ten rooms on. May I ask which pieces you have in mind?'),
      writes('Bedside tables, reading lamps, and wool throws. 60, 60 and 90 pieces.'),
      notes('ananya', 'Large one. Asked Ines in sales for an offer, she is back on Thursday.'),
      answers('ananya', 'Lovely. A colleague will send you an offer by Thursday. Is e-mail fine?'),
      writes('Yes, the address of my account is good.'),
    ],
  },
  {
    visitorId: 'vis_ruth_adler',
    name: 'Ruth Adler',
    hoursAgo: 190,
    lines: [
      writes('How do I wash the wool throw? The label came off.'),
      answers('bilal', 'By hand in cool water with wool soap, then dry it lying flat. Please no tumble dryer.'),
      writes('Thanks, that was quick.'),
      closes('bilal'),
    ],
  },
  {
    workspace: 'osmarra',
    visitorId: 'vis_kate_dunn',
    name: 'Kate Dunn',
    hoursAgo: 0.4,
    lines: [
      writes('Our flight to Lisbon was moved by six hours. Can the hotel transfer be moved too? Booking OS-5512.'),
    ],
  },
  {
    workspace: 'osmarra',
    visitorId: 'vis_leon_park',
    name: 'Leon Park',
    hoursAgo: 30,
    lines: [
      writes('Do I need a visa for a stop of one night?'),
      answers('idris', 'That depends on your passport and the airport. Which ones are they?'),
      writes('Korean passport, stop in Istanbul.'),
      answers('idris', 'No visa needed for up to 90 days then. I have added a note to your itinerary.'),
      closes('idris'),
    ],
  },
]
