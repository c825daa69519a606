import { answers, closes, gives, notes, writes } from './script.ts'
import type { DemoConversation } from './script.ts'

export const german: DemoConversation[] = [
  {
    visitorId: 'vis_jonas_keller',
    name: 'Jonas Keller',
    hoursAgo: 0.5,
    lines: [
      writes('Guten Tag, bei meinem Regal fehlen vier Schrauben und ein Winkel.'),
      writes('Bestellung BW-20399, die Stückliste liegt bei, nur Tüte C ist leer.'),
    ],
  },
  {
    visitorId: 'vis_marlene_brandt',
    name: 'Marlene Brandt',
    hoursAgo: 2.5,
    lines: [
      writes('Kann ich die Lieferung auf einen Samstag legen lassen?'),
      answers(
        'mara',
        'Hallo Frau Brandt, das geht in Ihrer Gegend, zwischen 8 und 13 Uhr. Soll ich den 28. eintragen?',
      ),
      writes('Der 28. passt wunderbar.'),
      answers('mara', 'Ist eingetragen. Der Fahrer ruft eine halbe Stunde vorher an.'),
      writes('Noch eine Frage: Nimmt er den alten Sessel mit?'),
    ],
  },
  {
    visitorId: 'vis_oskar_winter',
    name: 'Oskar Winter',
    hoursAgo: 18,
    lines: [
      writes('Die Rechnung zeigt 19 % Umsatzsteuer, wir sitzen aber in der Schweiz.'),
      answers('bilal', 'Hello Oskar, I am asking a colleague to answer you in German.'),
      gives('bilal', 'mara'),
      answers(
        'mara',
        'Guten Tag Herr Winter, da haben Sie recht. Ihre Lieferadresse steht in Konstanz, deshalb rechnet das System deutsche Steuer.',
      ),
      writes('Stimmt, wir holen dort ab. Geht es trotzdem ohne?'),
      notes('mara', 'Mit Ausfuhrbescheinigung erstatten wir die Steuer. Formular geschickt, Wiedervorlage am Montag.'),
      answers(
        'mara',
        'Mit dem abgestempelten Ausfuhrschein erstatten wir Ihnen die Steuer. Das Formular ist in Ihrem Postfach.',
      ),
      writes('Sehr gut, ich melde mich mit dem Stempel.'),
    ],
  },
  {
    visitorId: 'vis_helene_fuchs',
    name: 'Helene Fuchs',
    hoursAgo: 40,
    lines: [
      writes('Ist der Lack der Kinderbank speichelfest?'),
      answers('mara', 'Ja, geprüft nach DIN EN 71-3. Das Prüfblatt finden Sie auf der Produktseite unter „Dokumente“.'),
      writes('Gefunden, herzlichen Dank!'),
      closes('mara'),
    ],
  },
  {
    visitorId: 'vis_till_sommer',
    name: 'Till Sommer',
    hoursAgo: 66,
    lines: [
      writes('Der Newsletter kommt dreimal am Tag. Bitte abbestellen.'),
      answers(
        'mara',
        'Das sollte nicht sein, bitte entschuldigen Sie. Ich habe Sie abgemeldet und den Fehler weitergegeben.',
      ),
      closes('mara'),
      writes('Heute kam schon wieder einer.'),
      answers('mara', 'Der war noch von gestern in der Warteschlange. Das war der letzte, versprochen.'),
      writes('Okay, danke.'),
      closes('mara'),
    ],
  },
  {
    visitorId: 'vis_annika_vogel',
    name: 'Annika Vogel',
    hoursAgo: 300,
    lines: [
      writes('Wie lange gilt die Garantie auf die Tischplatte?'),
      answers('mara', 'Fünf Jahre auf Holz und Verleimung, zwei Jahre auf die Oberfläche.'),
      writes('Alles klar, vielen Dank.'),
      closes('mara'),
    ],
  },
  {
    workspace: 'osmarra',
    visitorId: 'vis_greta_lorenz',
    name: 'Greta Lorenz',
    hoursAgo: 110,
    lines: [
      writes('Unsere Fähre nach Gotland ist ausgebucht. Gibt es eine Warteliste?'),
      answers('hanna', 'Ja, Sie stehen jetzt auf Platz 3. Erfahrungsgemäß klappt es bis Platz 10.'),
      notes('hanna', 'Reederei hat zugesagt, Kapazität am 12. zu erweitern.'),
      answers('hanna', 'Gute Nachricht: Sie sind dabei, die Tickets sind in Ihrem Postfach.'),
      writes('Das ging schnell, danke!'),
      closes('hanna'),
    ],
  },
]
