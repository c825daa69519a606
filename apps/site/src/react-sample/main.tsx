/** Mounts and unmounts the guide's React sample, in StrictMode, which does so twice by itself. */
import { StrictMode, useState } from 'react'
import { createRoot } from 'react-dom/client'
import ChatWidget from './chat-widget.jsx.txt'

function App() {
  const [isMounted, setMounted] = useState(true)
  return (
    <>
      <button type="button" className="button" onClick={() => setMounted(!isMounted)}>
        {isMounted ? 'Unmount the widget' : 'Mount the widget'}
      </button>
      {isMounted ? <ChatWidget /> : null}
    </>
  )
}

const container = document.querySelector('#app')
if (container !== null)
  createRoot(container).render(
    <StrictMode>
      <App />
    </StrictMode>,
  )
