/** Dosti's mark; decoration beside its name. */
export function Logo({ size }: { size: number }) {
  return (
    <svg aria-hidden width={size} height={size} viewBox="0 0 32 32">
      <rect width="32" height="32" rx="9" fill="#0f6b63" />
      <path d="M9 9.5h8.2a6.5 6.5 0 0 1 0 13H14l-5 3.6z" fill="#fff" />
      <circle cx="16.6" cy="16" r="2.1" fill="#0f6b63" />
    </svg>
  )
}
