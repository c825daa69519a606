"""A stock python-socketio client that knows the integration guide and nothing else; prints what it hears as JSON lines."""
import json
import sys

import socketio

client = socketio.Client()


def say(name, *data):
    print(json.dumps([name, *data]), flush=True)


for event in ("receive_message", "partner_typing", "partner_stopped_typing", "agent_joined", "error_message"):
    client.on(event, lambda data, event=event: say(event, data))


@client.event
def connect():
    client.emit("typing", {"type": "saas"})
    client.emit("send_message", {"type": "saas", "message": "Hello from Python!"}, callback=lambda reply: say("reply", reply))


client.connect("https://api.dosti.space?apiKey=YOUR_PUBLIC_API_KEY&role=visitor&visitorId=python_user&visitorName=Py")
sys.stdin.readline()
client.disconnect()
