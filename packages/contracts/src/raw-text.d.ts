/** A file as text, as the test runner offers it; the package itself knows neither Node nor a bundler. */
declare module '*?raw' {
  const text: string
  export default text
}
