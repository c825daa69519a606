import { argon2, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'

const derive = promisify(argon2)

/** Four groups of four letters and digits, easy to read out: 80 random bits. */
export function newPassword(): string {
  // 32 characters, so that each byte's last five bits pick one evenly; none that looks like another.
  const alphabet = 'abcdefghijkmnpqrstuvwxyz23456789'
  const letters = [...randomBytes(16)].map((byte) => alphabet[byte % 32])
  return [0, 4, 8, 12].map((start) => letters.slice(start, start + 4).join('')).join('-')
}

/** `dosti_pub_` and 192 random bits. */
export function newPublicKey(): string {
  return `dosti_pub_${randomBytes(24).toString('base64url')}`
}

/** Argon2id in the form that signing in verifies. */
export async function hashPassword(password: string): Promise<string> {
  const nonce = randomBytes(16)
  const parameters = { message: password, nonce, parallelism: 1, tagLength: 32, memory: 19_456, passes: 2 }
  const hash = await derive('argon2id', parameters)
  const unpadded = (bytes: Buffer) => bytes.toString('base64').replace(/=+$/u, '')
  return `$argon2id$v=19$m=19456,t=2,p=1$${unpadded(nonce)}$${unpadded(hash)}`
}
