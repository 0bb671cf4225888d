/** Programs that several tests of agents use. */

export const BOT = `
channel desk { type: "cli" }
skill lookup_order {
  description: "Looks up an order"
  params: { order_id: string }
  impl(order_id) {
    return { "order_id": order_id, "status": "shipped" };
  }
}
claw agent Bot {
  provider: "openai"
  model: "gpt-4o-mini"
  system: "You help customers."
  channels: [desk]
  skills: [lookup_order]
}
`
