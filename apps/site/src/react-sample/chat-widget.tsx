// The integration guide’s sample, word for word in our formatting; the server changes host and key, as its reader would.
import { useEffect } from 'react'
export default function ChatWidget() {
  useEffect(() => {
    const script = document.createElement('script')
    script.src = 'https://api.dosti.space/widget.js'
    script.setAttribute('data-key', 'YOUR_PUBLIC_API_KEY')
    script.async = true
    document.body.appendChild(script)
    return () => {
      document.body.removeChild(script)
    }
  }, [])
  return null
}
