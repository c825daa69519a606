/** One plot per figure: a bar for each contestant, a dot for each repeat, in colours that suit light and dark pages. */
import { median, type Figure, type Row } from '../src/figure.ts'
import { short } from './table.ts'

const WIDTH = 860
const LABEL = 330
const BAR = 16
const LINE = 24
const STYLE = `
  text { font: 12px system-ui, sans-serif; fill: #404854 }
  .title { font-weight: 600; font-size: 14px }
  .ours { fill: #2f7d6b } .baseline { fill: #9aa4b2 } .dot { fill: #1b2430; fill-opacity: .55 } .axis { stroke: #c5ccd6 }
  @media (prefers-color-scheme: dark) {
    text { fill: #d3d9e2 } .ours { fill: #5fbfa6 } .baseline { fill: #5c6675 } .dot { fill: #fff } .axis { stroke: #48515f }
  }`

interface Bar {
  label: string
  values: number[]
  ours: boolean
}

/** The figure as an SVG document; each row has its own scale, since units differ. */
export function plot({ title, rows }: Figure): string {
  let y = 40
  const groups = rows.map((row) => {
    const top = y
    const bars = barsOf(row)
    y += 22 + bars.length * LINE + 10
    return group(row, bars, top)
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${y}" viewBox="0 0 ${WIDTH} ${y}" role="img" aria-label="${escape(title)}">`,
    `<style>${STYLE}</style>`,
    `<text class="title" x="12" y="24">${escape(title)}</text>`,
    ...groups,
    '</svg>\n',
  ].join('\n')
}

function barsOf({ ours, baseline }: Row): Bar[] {
  const own = { label: 'Dosti', values: ours, ours: true }
  return baseline === undefined ? [own] : [own, { label: baseline.name, values: baseline.values, ours: false }]
}

function group({ what, unit }: Row, bars: Bar[], top: number): string {
  const most = Math.max(...bars.flatMap(({ values }) => values), Number.MIN_VALUE)
  const x = (value: number) => LABEL + (value / most) * (WIDTH - LABEL - 110)
  const lines = bars.map(({ label, values, ours }, index) => {
    const middle = median(values)
    const y = top + 22 + index * LINE
    const dots = values.map((value) => `<circle class="dot" cx="${x(value).toFixed(1)}" cy="${y + BAR / 2}" r="2.5"/>`)
    return [
      `<text x="${LABEL - 8}" y="${y + 12}" text-anchor="end">${escape(label.slice(0, 52))}</text>`,
      `<rect class="${ours ? 'ours' : 'baseline'}" x="${LABEL}" y="${y}" width="${Math.max(1, x(middle) - LABEL).toFixed(1)}" height="${BAR}" rx="2"/>`,
      ...dots,
      `<text x="${(x(Math.max(...values)) + 8).toFixed(1)}" y="${y + 12}">${short(middle)}</text>`,
    ].join('')
  })
  return [
    `<text x="12" y="${top + 12}">${escape(`${what}, ${unit}`)}</text>`,
    `<line class="axis" x1="${LABEL}" x2="${LABEL}" y1="${top + 18}" y2="${top + 20 + bars.length * LINE}"/>`,
    ...lines,
  ].join('\n')
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}
