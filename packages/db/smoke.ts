import pg from 'pg'
import { createDb, createConversationStore, createAccountStore } from './src/index.ts'
const url = process.argv[2]!
const admin = new pg.Client(url); await admin.connect()
await admin.query(`TRUNCATE workspace CASCADE; TRUNCATE event; INSERT INTO workspace VALUES ('wsp_a','A',1),('wsp_b','B',1); INSERT INTO agent VALUES ('wsp_a','agt_1','Ann','ann@example.com','x',true)`)
const db = await createDb(url)
let n = 0
const ids = { next: (p: string) => `${p}_${++n}` } as never
const store = createConversationStore(db, { ids })
const send = (visitorId: string, text: string, id?: string) => ({ workspaceId: 'wsp_a' as const, visitorId, createVisitor: true, ...(id ? { once: { sender: 'visitor' as const, clientMessageId: id, name: 'message.sent' as const, text } } : {}),
  decide: (t: any, stamp: any) => { const actor = { kind: 'visitor' as const, id: visitorId, name: null }; const open = t.conversation ? [] : [{ name: 'conversation.opened' as const, data: {}, actor, conversationId: stamp.conversationId }]
    return { events: [...open, { name: 'message.sent' as const, data: { text }, actor, conversationId: t.conversation?.id ?? stamp.conversationId }] } } })
console.log(JSON.stringify(await store.change([send('__proto__', 'hello', 'c1'), send('اردو', 'x'), send('__proto__', 'again'), send('__proto__', 'hello', 'c1'), send('__proto__', 'other', 'c1')]), null, 0))
console.log(JSON.stringify(await store.thread({ workspaceId: 'wsp_a', visitorId: '__proto__', internal: true, limit: 2 })))
console.log(JSON.stringify(await store.thread({ workspaceId: 'wsp_a', visitorId: '__proto__', internal: true, limit: 2, after: 1 })))
console.log(JSON.stringify(await store.thread({ workspaceId: 'wsp_a', visitorId: '__proto__', internal: false, limit: 2, after: 1 })))
console.log(await store.thread({ workspaceId: 'wsp_b', visitorId: '__proto__', internal: true, limit: 2 }))
console.log(JSON.stringify(await store.messages({ workspaceId: 'wsp_a', visitorId: '__proto__', limit: 20 })))
console.log(JSON.stringify(await store.messages({ workspaceId: 'wsp_a', visitorId: '__proto__', limit: 1, afterTimestamp: 5 })))
console.log(await store.markRead({ workspaceId: 'wsp_a', visitorId: '__proto__', by: 'agents', seq: 99 }))
console.log(JSON.stringify(await store.list({ workspaceId: 'wsp_a', status: 'open', limit: 20 })))
console.log((await db.pool.query('select count(*) from event')).rows)
const acc = createAccountStore(db)
console.log(await acc.findCredentials('Ann@example.com'), await acc.agents('wsp_a'), await acc.agents('wsp_b'))
await acc.createVisitor({ workspaceId: 'wsp_a', visitorId: 'vis_1', name: 'N', tokenDigest: 'dd' })
console.log(await acc.findVisitor('wsp_a', 'vis_1', 'dd'), await acc.findVisitor('wsp_a', 'vis_1', 'de'), await acc.findVisitor('wsp_a', '__proto__'))
let t = performance.now()
for (let i = 0; i < 200; i++) await store.change([send('u' + i % 5, 'm' + i, 'k' + i)])
console.log('single', 200 / (performance.now() - t) * 1000)
t = performance.now()
for (let i = 0; i < 20; i++) await store.change(Array.from({ length: 500 }, (_, j) => send('w' + j % 250, 'm' + i, `k${i}-${j}`)))
console.log('batch of 500', 10000 / (performance.now() - t) * 1000)
t = performance.now()
for (let i = 0; i < 500; i++) await store.messages({ workspaceId: 'wsp_a', visitorId: 'w1', limit: 20 })
console.log('messages/s', 500 / (performance.now() - t) * 1000)
t = performance.now()
await db.close(); await admin.end()
