import { answers, closes, gives, notes, writes } from './script.ts'
import type { DemoConversation } from './script.ts'

export const spanish: DemoConversation[] = [
  {
    visitorId: 'vis_lucia_romero',
    name: 'Lucía Romero',
    hoursAgo: 0.2,
    lines: [
      writes('Hola, ¿hacen envíos a las Islas Canarias? Me interesa la alfombra grande.'),
      answers('tomas', '¡Hola, Lucía! Sí, enviamos allí; tarda entre siete y diez días.'),
      writes('¿Y los gastos de aduana los pago yo?'),
    ],
  },
  {
    visitorId: 'vis_mateo_vargas',
    name: 'Mateo Vargas',
    hoursAgo: 1.2,
    lines: [writes('Buenas, la lámpara parpadea desde ayer. He cambiado la bombilla y sigue igual.')],
  },
  {
    visitorId: 'vis_carmen_ortiz',
    name: 'Carmen Ortiz',
    hoursAgo: 7,
    lines: [
      writes('Necesito la factura del pedido BW-20311 a nombre de mi estudio.'),
      answers('tomas', 'Claro, Carmen. ¿Me pasa el nombre y el NIF?'),
      writes('Estudio Ortiz Interiores, S. L., B-00000000'),
      answers('tomas', 'Gracias. Ya tiene la factura nueva en su correo.'),
      writes('Perfecto, recibida.'),
      closes('tomas'),
    ],
  },
  {
    visitorId: 'vis_diego_fuentes',
    name: 'Diego Fuentes',
    hoursAgo: 22,
    seen: true,
    lines: [
      writes('Ha llegado solo una de las dos cajas. Falta la que trae las patas de la mesa.'),
      answers('mara', 'Hola Diego, one moment please, Tomás will help you in Spanish.'),
      gives('mara', 'tomas'),
      answers('tomas', 'Hola, Diego. Veo las dos cajas en el mismo envío. Pregunto al transportista y le digo.'),
      notes(
        'tomas',
        'La segunda caja está en el centro de reparto de Getafe desde el martes. Prometen entrega mañana antes de las 14 h.',
      ),
      answers('tomas', 'Está en el centro de reparto. La entregan mañana antes de las dos. ¿Habrá alguien en casa?'),
      writes('Sí, mi vecina la puede recoger. Gracias por la rapidez.'),
      answers('tomas', 'Anotado. Mañana por la tarde le escribo para comprobar que llegó bien.'),
    ],
  },
  {
    visitorId: 'vis_valentina_rios',
    name: 'Valentina Ríos',
    hoursAgo: 53,
    lines: [
      writes('¿Tienen lista de bodas?'),
      answers('tomas', 'Sí. Se crea desde su cuenta, en «Listas», y se comparte con un enlace.'),
      writes('¡Qué fácil! Ya está creada.'),
      answers('tomas', '¡Enhorabuena a los dos!'),
      closes('tomas'),
    ],
  },
  {
    visitorId: 'vis_pablo_nieto',
    name: 'Pablo',
    hoursAgo: 130,
    lines: [
      writes('Quiero cancelar el pedido BW-20102, lo he hecho dos veces sin querer.'),
      answers('mara', 'Cancelado, Pablo. The other one stays as it is.'),
      writes('Gracias, ya veo la devolución.'),
      closes('mara'),
    ],
  },
  {
    workspace: 'osmarra',
    visitorId: 'vis_ines_molina',
    name: 'Inés Molina',
    hoursAgo: 70,
    lines: [
      writes('¿Puedo llevar a mi perro en el tren nocturno?'),
      answers('hanna', 'Hola Inés, sí, en un compartimento propio y con bozal. Cuesta 29 euros por trayecto.'),
      writes('Entonces reservo el compartimento. ¡Gracias!'),
      closes('hanna'),
    ],
  },
]
