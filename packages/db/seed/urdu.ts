import { answers, closes, gives, notes, writes } from './script.ts'
import type { DemoConversation } from './script.ts'

export const urdu: DemoConversation[] = [
  {
    visitorId: 'vis_ayesha_siddiqui',
    name: 'عائشہ صدیقی',
    hoursAgo: 0.3,
    lines: [
      writes('السلام علیکم! میرا آرڈر BW-20421 ابھی تک نہیں پہنچا، جبکہ ٹریکنگ پر "پہنچا دیا گیا" لکھا ہے۔'),
      writes('براہِ کرم جلدی چیک کر لیں، یہ ایک تحفہ ہے۔'),
    ],
  },
  {
    visitorId: 'زائر-۱۰۲',
    slug: 'kamran',
    name: 'کامران',
    hoursAgo: 2,
    lines: [
      writes('کیا یہ لیمپ 220 وولٹ پر چلتا ہے؟'),
      answers('bilal', 'وعلیکم السلام کامران صاحب، جی ہاں، یہ 220 سے 240 وولٹ پر چلتا ہے اور بلب ساتھ آتا ہے۔'),
      writes('بہت شکریہ۔ کیا لاہور میں کیش آن ڈیلیوری ممکن ہے؟'),
      answers('bilal', 'فی الحال صرف کارڈ یا بینک ٹرانسفر سے ادائیگی ممکن ہے۔'),
      writes('ٹھیک ہے، میں بینک ٹرانسفر کر دوں گا۔'),
    ],
  },
  {
    visitorId: 'vis_farhan_malik',
    name: 'فرحان ملک',
    hoursAgo: 20,
    lines: [
      writes('میں نے غلط رنگ منگوا لیا ہے۔ نیلے کی جگہ سبز چاہیے تھا۔ کیا تبدیل ہو سکتا ہے؟'),
      answers('bilal', 'جی بالکل۔ اگر پیکٹ نہیں کھولا تو ہم مفت میں تبدیل کر دیں گے۔'),
      writes('پیکٹ بند ہے۔'),
      notes('bilal', 'سبز رنگ کے چار عدد گودام میں ہیں، ایک فرحان صاحب کے لیے الگ رکھ دیا ہے۔'),
      answers('bilal', 'کل دوپہر دو بجے کے بعد کورئیر آپ سے پرانا پیکٹ لے گا اور نیا دے جائے گا۔ کیا یہ وقت مناسب ہے؟'),
      writes('جی مناسب ہے، بہت مہربانی۔'),
      closes('bilal'),
    ],
  },
  {
    visitorId: 'vis_sana_javed',
    name: 'ثنا جاوید',
    hoursAgo: 44,
    seen: true,
    lines: [
      writes('ویب سائٹ پر اردو میں قیمتیں نظر نہیں آ رہیں، صرف خالی جگہ ہے۔'),
      answers('ananya', 'Hello Sana, I am passing you to a colleague who speaks Urdu.'),
      gives('ananya', 'bilal'),
      answers('bilal', 'ثنا صاحبہ، اطلاع دینے کا شکریہ۔ آپ کون سا براؤزر استعمال کر رہی ہیں؟'),
      writes('موبائل پر کروم، اینڈرائیڈ 14۔'),
      notes(
        'bilal',
        'Reproduced: the price font has no Urdu digits and the fallback is switched off. Ticket is with the web team.',
      ),
      answers('bilal', 'مسئلہ ہمیں بھی نظر آ گیا ہے۔ ٹیم اسے آج ہی ٹھیک کر دے گی، میں آپ کو یہیں بتا دوں گا۔'),
      writes('انتظار کروں گی۔'),
    ],
  },
  {
    visitorId: 'vis_usman_tariq',
    name: 'عثمان طارق',
    hoursAgo: 75,
    lines: [
      writes('رسید پر میری کمپنی کا نام شامل کروانا ہے۔'),
      answers('bilal', 'ضرور۔ کمپنی کا پورا نام اور ٹیکس نمبر بھیج دیجیے۔'),
      writes('طارق ٹریڈرز، این ٹی این 4471203-8'),
      answers('bilal', 'نئی رسید آپ کے ای میل پر بھیج دی گئی ہے۔'),
      writes('مل گئی، جزاک اللہ۔'),
      closes('bilal'),
    ],
  },
  {
    visitorId: 'vis_hira_khan',
    name: 'حرا خان',
    hoursAgo: 168,
    lines: [
      writes('کیا آپ کی دکان کراچی میں بھی ہے؟'),
      answers('bilal', 'ابھی نہیں، لیکن آن لائن آرڈر کراچی میں تین سے پانچ دن میں پہنچ جاتا ہے۔'),
      writes('اچھا، شکریہ۔'),
      closes('bilal'),
    ],
  },
  {
    workspace: 'osmarra',
    visitorId: 'vis_zainab_raza',
    name: 'زینب رضا',
    hoursAgo: 6,
    lines: [
      writes('عمرہ پیکج میں ہوٹل حرم سے کتنی دور ہے؟'),
      answers('idris', 'السلام علیکم، تقریباً 400 میٹر، پیدل چھ منٹ۔ شٹل بھی ہر پندرہ منٹ بعد چلتی ہے۔'),
      writes('والدہ کے لیے وہیل چیئر مل سکتی ہے؟'),
    ],
  },
]
