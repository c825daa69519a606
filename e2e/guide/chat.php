<?php
// 1. Send Message
$url = "https://business.dosti.space/api/chat/send";
$data = array(
"apiKey" => "YOUR_PUBLIC_API_KEY",
"visitorId" => "php_user_123",
"visitorName" => "PHP Client",
"message" => "Hello from PHP!"
);
$options = array(
'http' => array(
'header' => "Content-Type: application/json\r\n",
'method' => 'POST',
'content' => json_encode($data)
)
);
$context = stream_context_create($options);
$result = file_get_contents($url, false, $context);
$response = json_decode($result, true);
// 2. Poll messages (only new messages since 10 seconds ago)
$last_ts = (time() - 10) * 1000;
$poll_url = "https://business.dosti.space/api/chat/poll?apiKey=YOUR_PUBLIC_API_KEY&visitorId=php_user_123&lastTimestamp=" . $last_ts;
$poll_result = file_get_contents($poll_url);
$poll_response = json_decode($poll_result, true);
foreach ($poll_response['messages'] as $msg) {
echo $msg['senderName'] . ": " . $msg['message'] . "\n";
}
?>
