/** The integration guide's sample, letter for letter, out of the formatter's reach; `build.mjs` reads it as JSX. */
declare module '*.jsx.txt' {
  const ChatWidget: () => null
  export default ChatWidget
}
