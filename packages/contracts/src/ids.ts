/** Ids say what they name: a prefix, an underscore, then a sortable random part. */
export type WorkspaceId = `wsp_${string}`
export type AgentId = `agt_${string}`
export type ConversationId = `cnv_${string}`
export type AlertId = `alr_${string}`
/** A stored event; a message's event id is the message's id, so both prefixes are event ids. */
export type EventId = `evt_${string}` | `msg_${string}` | `note_${string}`
/** Chosen by the customer or made by the server (`vis_…`); echoed exactly as given, never parsed. */
export type VisitorId = string

/** Every prefix the `Ids` port can be asked for. */
export type IdPrefix = 'wsp' | 'agt' | 'cnv' | 'alr' | 'evt' | 'msg' | 'note' | 'vis' | 'ses'
