import { answers, closes, gives, notes, writes } from './script.ts'
import type { DemoConversation } from './script.ts'

export const hindi: DemoConversation[] = [
  {
    visitorId: 'vis_rohan_mehta',
    name: 'रोहन मेहता',
    hoursAgo: 0.8,
    lines: [
      writes('नमस्ते, मेरा रिफ़ंड कब तक आएगा? ऑर्डर BW-20355, सामान पाँच दिन पहले लौटा दिया था।'),
      answers('ananya', 'नमस्ते रोहन जी, मैं देखती हूँ। सामान कल हमारे गोदाम में पहुँच गया है।'),
      answers('ananya', 'रिफ़ंड आज शुरू कर दिया है। बैंक में दिखने में दो से तीन कामकाजी दिन लगते हैं।'),
      writes('ठीक है। कोई रेफ़रेंस नंबर मिलेगा?'),
    ],
  },
  {
    visitorId: 'vis_kavita_sharma',
    name: 'कविता शर्मा',
    hoursAgo: 4,
    lines: [
      writes('ऐप में लॉगिन नहीं हो रहा। हर बार "कोड ग़लत है" लिखा आता है।'),
      writes('फ़ोन और ईमेल दोनों से कोशिश कर ली है।'),
    ],
  },
  {
    visitorId: 'vis_arjun_das',
    name: 'अर्जुन दास',
    hoursAgo: 12,
    lines: [
      writes('क्या यह मेज़ छोटे कमरे के लिए ठीक रहेगी? कमरा 3 गुणा 3 मीटर है।'),
      answers('ananya', 'जी, 90 सेंटीमीटर वाली आराम से आ जाएगी। मोड़ने पर वह केवल 40 सेंटीमीटर जगह लेती है।'),
      writes('और वज़न कितना है? तीसरी मंज़िल तक ले जाना है।'),
      answers('ananya', 'कुल 14 किलो, दो पैकेट में आती है। चाहें तो हमारी टीम ऊपर तक पहुँचा देगी।'),
      writes('वाह, फिर तो बढ़िया है। मैं ऑर्डर करता हूँ।'),
      closes('ananya'),
    ],
  },
  {
    visitorId: 'vis_neha_iyer',
    name: 'नेहा अय्यर',
    hoursAgo: 33,
    lines: [
      writes('कुशन का रंग फ़ोटो से बहुत अलग है। फ़ोटो में पीला, असल में नारंगी।'),
      answers('tomas', 'Hi Neha, thank you. My colleague Ananya will answer you in Hindi.'),
      gives('tomas', 'ananya'),
      notes('ananya', 'तीसरी शिकायत इस हफ़्ते, इसी कुशन पर। फ़ोटो दोबारा खिंचवानी चाहिए।'),
      answers('ananya', 'नेहा जी, माफ़ कीजिए। आप चाहें तो पूरा पैसा वापस, या 30 प्रतिशत छूट के साथ रख सकती हैं।'),
      writes('छूट के साथ रख लेती हूँ, कपड़ा तो अच्छा है।'),
      answers('ananya', 'धन्यवाद! छूट की रक़म आज ही लौटा दी जाएगी।'),
      closes('ananya'),
    ],
  },
  {
    visitorId: 'vis_sunil_patil',
    name: 'सुनील पाटिल',
    hoursAgo: 60,
    seen: true,
    lines: [
      writes('गिफ़्ट कार्ड का बैलेंस कहाँ दिखता है?'),
      answers('ananya', '"मेरा खाता" खोलिए, नीचे "गिफ़्ट कार्ड" में। कार्ड का नंबर भेजें तो मैं भी देख सकती हूँ।'),
      writes('मिल गया, 1200 रुपये बचे हैं। क्या दो कार्ड एक साथ इस्तेमाल हो सकते हैं?'),
    ],
  },
  {
    visitorId: 'vis_meera_joshi',
    name: 'मीरा जोशी',
    hoursAgo: 210,
    lines: [
      writes('पैकिंग में बहुत प्लास्टिक था। क्या काग़ज़ में भेज सकते हैं?'),
      answers('ananya', 'अच्छा सुझाव है मीरा जी। आपके खाते में "कम पैकिंग" चुन दिया है, अगली बार से काग़ज़ में आएगा।'),
      writes('बहुत अच्छा लगा सुनकर!'),
      closes('ananya'),
    ],
  },
  {
    workspace: 'osmarra',
    visitorId: 'vis_vikram_sethi',
    name: 'विक्रम सेठी',
    hoursAgo: 15,
    lines: [
      writes('गोवा वाले पैकेज में नाश्ता शामिल है क्या?'),
      answers('hanna', 'Hello Vikram, yes: breakfast is included, and dinner on the first evening.'),
      writes('बढ़िया। बच्चों का किराया कितना है? एक 4 साल का, एक 9 साल का।'),
    ],
  },
]
