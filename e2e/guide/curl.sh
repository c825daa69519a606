curl -s https://business.dosti.space/api/chat/send -H 'Content-Type: application/json' -d '{
"apiKey": "YOUR_PUBLIC_API_KEY",
"visitorId": "android_user_789",
"visitorName": "John Doe",
"message": "Hello from my custom chat interface!"
}'
echo
curl -s 'https://business.dosti.space/api/chat/poll?apiKey=YOUR_PUBLIC_API_KEY&visitorId=android_user_789&lastTimestamp=1781625600000'
echo
curl -s https://business.dosti.space/api/chat/poll -H 'Content-Type: application/json' -d '{
"apiKey": "YOUR_PUBLIC_API_KEY",
"visitorId": "android_user_789",
"lastTimestamp": 1781625600000
}'
