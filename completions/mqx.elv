
use builtin;
use str;

set edit:completion:arg-completer[mqx] = {|@words|
    fn spaces {|n|
        builtin:repeat $n ' ' | str:join ''
    }
    fn cand {|text desc|
        edit:complex-candidate $text &display=$text' '(spaces (- 14 (wcswidth $text)))$desc
    }
    var command = 'mqx'
    for word $words[1..-1] {
        if (str:has-prefix $word '-') {
            break
        }
        set command = $command';'$word
    }
    var completions = [
        &'mqx'= {
            cand --color 'Colour what is said on stderr: auto, always or never'
            cand --version 'Print the version of mqx'
            cand --help 'Print help'
            cand pub 'Publish messages'
            cand sub 'Subscribe to topics and print the messages'
            cand bench 'Measure a broker: put a load on it and see what becomes of it'
            cand certs 'Make certificates for testing'
            cand profile 'Keep what it takes to reach a broker under a name'
            cand broker 'Run a broker'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'mqx;pub'= {
            cand -t 'Topic to publish to (repeatable)'
            cand --topic 'Topic to publish to (repeatable)'
            cand -m 'Publish this text'
            cand --message 'Publish this text'
            cand -f 'Publish the content of this file; - is stdin'
            cand --file 'Publish the content of this file; - is stdin'
            cand --random 'Publish so many random bytes, as in 64, 4k or 1MB'
            cand --delimiter 'Byte that ends a message of -l in place of the line feed: a character, \t, \0 or hex:1e'
            cand --encode 'What the payload is written in or is to become: json (which is checked), hex, base64, cbor or msgpack (from JSON)'
            cand --batch 'Gather the messages of stdin and publish an array of JSON in every such time, and before it has more than so many bytes, as in 1s or 1s,64KB [default: 1MB]'
            cand --on-error 'What to do about a message of stdin that is not what it should be: stop, or skip it and fail in the end'
            cand -q 'Quality of service: 0, 1 or 2'
            cand --qos 'Quality of service: 0, 1 or 2'
            cand --repeat 'Publish the message so often'
            cand --repeat-delay 'Time from the delivery of a message to the next one, as in 2, 500ms or 1m'
            cand --rate 'Messages in a second at most, as in 100 or 0.5; or 90/m in a minute'
            cand --retry 'Try a connection again so often in a row, or forever [default: the first once, a lost one forever]'
            cand --buffer 'Messages with QoS 0 that wait while there is no connection; of more the oldest are lost, and counted'
            cand --on-disconnect 'While there is no connection: buffer QoS 0, wait with reading, fail if QoS 0 may be lost, or drop it without a failure'
            cand -e 'Time after which the message is worth nothing, as in 60 or 1h'
            cand --message-expiry-interval 'Time after which the message is worth nothing, as in 60 or 1h'
            cand --content-type 'What the payload is, as in application/json'
            cand --payload-format-indicator 'Whether the payload is UTF-8 text'
            cand --response-topic 'Topic for an answer'
            cand --correlation-data 'What an answer is to repeat: text, hex:... or base64:...'
            cand --user-property 'User property, as in name=value (repeatable)'
            cand -i 'Client identifier; %h stands for this machine, %p for the process, %r for something random, %u for the user name [default: the broker chooses one]'
            cand --id 'Client identifier; %h stands for this machine, %p for the process, %r for something random, %u for the user name [default: the broker chooses one]'
            cand -I 'Client identifier that begins with this and ends with the number of the process'
            cand --id-prefix 'Client identifier that begins with this and ends with the number of the process'
            cand -h 'Host name or address of the broker; of several the next is tried when one fails (repeatable) [default: localhost]'
            cand --host 'Host name or address of the broker; of several the next is tried when one fails (repeatable) [default: localhost]'
            cand -p 'Port of the broker [default: 1883, with TLS 8883]; 8883 means TLS'
            cand --port 'Port of the broker [default: 1883, with TLS 8883]; 8883 means TLS'
            cand --unix 'Unix socket of the broker'
            cand --ws-path 'Path of the broker for WebSocket [default: /mqtt]'
            cand --ws-header 'Header of the WebSocket request, as in ''Authorization: Bearer x'' (repeatable)'
            cand --proxy 'Connect through this proxy: socks5h://, socks5://, http:// or https://[USER:PASSWORD@]HOST[:PORT], or none [default: ALL_PROXY, for wss HTTPS_PROXY before it and for ws http_proxy, unless NO_PROXY has the host]'
            cand -A 'Connect from this address of the machine'
            cand --bind 'Connect from this address of the machine'
            cand -u 'User name'
            cand --username 'User name'
            cand -P 'Password; on this machine everybody can see it, unlike with the next four'
            cand --password 'Password; on this machine everybody can see it, unlike with the next four'
            cand --password-file 'Take the password from this file'
            cand --password-env 'Take the password from this variable of the environment'
            cand --password-command 'Take the password from what this command of the shell prints'
            cand -k 'Seconds of silence after which a ping is sent; 0 for none'
            cand --keepalive 'Seconds of silence after which a ping is sent; 0 for none'
            cand -V 'Version of MQTT: 5, 3.1.1 or 3.1 [default: 5, and 3.1.1 if the broker refuses it]'
            cand --mqtt-version 'Version of MQTT: 5, 3.1.1 or 3.1 [default: 5, and 3.1.1 if the broker refuses it]'
            cand --connect-timeout 'Give up connecting after this time, as in 10, 500ms or 2m'
            cand --engine 'Whose implementation of MQTT speaks: native (that of mqx) or rumqttc'
            cand --jwt-key 'Sign a token with this private key (PEM) for a password, a new one for every connection'
            cand --jwt-alg 'How to sign it: RS256 or ES256 [default: as the key is made for]'
            cand --jwt-aud 'Whom it is for (aud; repeatable)'
            cand --jwt-sub 'Whom it is about (sub) [default: the user name]'
            cand --jwt-iss 'Whom it is from (iss)'
            cand --jwt-kid 'Name of the key (kid)'
            cand --jwt-claim 'Another claim, as in name=value; a value in JSON is taken as that (repeatable)'
            cand --jwt-ttl 'How long it counts, as in 600 or 1h'
            cand --tls 'Use TLS; trust the CA in this file, or without one those of the system'
            cand --cafile 'The same as --tls with a CA'
            cand --capath 'Use TLS and trust the CAs in the PEM files of this directory'
            cand --cert 'Use TLS and show this certificate to the broker (PEM)'
            cand --key 'The private key of that certificate (PEM, also encrypted PKCS#8)'
            cand --key-password 'Password of the private key; on this machine everybody can see it'
            cand --key-password-file 'Take the password of the private key from this file'
            cand --key-password-env 'Take the password of the private key from this variable of the environment'
            cand --sni 'Name to ask the broker for (SNI) and to check its certificate with, in place of the host'
            cand --tls-alpn 'Application protocol to offer (ALPN), as in mqtt or x-amzn-mqtt-ca (repeatable)'
            cand --tls-version 'Speak this version of TLS and no other: 1.2 or 1.3'
            cand --tls-keylog 'Append the secrets of TLS to this file, for Wireshark [default: that of SSLKEYLOGFILE]'
            cand --will-topic 'Topic of the message the broker publishes when the connection is lost'
            cand --will-payload 'Its payload [default: empty]'
            cand --will-file 'Its payload from this file'
            cand --will-qos 'Its quality of service: 0, 1 or 2'
            cand --will-delay-interval 'Publish it only after this time, as in 10 or 1m (MQTT 5)'
            cand --will-message-expiry-interval 'Time after which it is worth nothing (MQTT 5)'
            cand --will-content-type 'What its payload is, as in application/json (MQTT 5)'
            cand --will-payload-format-indicator 'Whether its payload is UTF-8 text (MQTT 5)'
            cand --will-response-topic 'Topic for an answer to it (MQTT 5)'
            cand --will-correlation-data 'What an answer is to repeat: text, hex:... or base64:... (MQTT 5)'
            cand --will-user-property 'User property of it, as in name=value (repeatable, MQTT 5)'
            cand -x 'Keep the session so long after the connection, as in 60, 1h or never (to end)'
            cand --session-expiry-interval 'Keep the session so long after the connection, as in 60, 1h or never (to end)'
            cand --receive-maximum 'QoS 1 and 2 messages the broker may send before they are answered'
            cand --maximum-packet-size 'Bytes of the largest packet the broker may send'
            cand --topic-alias-maximum 'Topic aliases the broker may use'
            cand --request-response-information 'Ask for the basis of response topics'
            cand --request-problem-information 'Ask for reasons in words [default: true]'
            cand --connect-user-property 'User property of CONNECT, as in name=value (repeatable)'
            cand --authentication-method 'Method of enhanced authentication: SCRAM-SHA-256 takes user and password and checks the broker too; of others only what CONNECT says can be given'
            cand --authentication-data 'Data of that method: text, hex:... or base64:...'
            cand --disconnect-session-expiry-interval 'Session expiry in DISCONNECT: from then on this holds'
            cand --disconnect-reason 'Reason in words in DISCONNECT'
            cand --disconnect-user-property 'User property of DISCONNECT, as in name=value (repeatable)'
            cand -D 'Set a property as with mosquitto: connect, publish, subscribe, disconnect or will, its name and its value; each has an option of its own here'
            cand --property 'Set a property as with mosquitto: connect, publish, subscribe, disconnect or will, its name and its value; each has an option of its own here'
            cand --config 'File with the profiles [default: ~/.config/mqx/config.toml]'
            cand -o 'Option file of mosquitto''s clients'
            cand --config-file 'Option file of mosquitto''s clients'
            cand -b 'Broker as a URL: mqtt[s]://[USER[:PASSWORD]@]HOST[:PORT][/TOPIC], ws[s]://...[/PATH] or unix:///PATH (repeatable, as -h); or the name of a profile'
            cand -L 'Broker as a URL: mqtt[s]://[USER[:PASSWORD]@]HOST[:PORT][/TOPIC], ws[s]://...[/PATH] or unix:///PATH (repeatable, as -h); or the name of a profile'
            cand --broker 'Broker as a URL: mqtt[s]://[USER[:PASSWORD]@]HOST[:PORT][/TOPIC], ws[s]://...[/PATH] or unix:///PATH (repeatable, as -h); or the name of a profile'
            cand --color 'Colour what is said on stderr: auto, always or never'
            cand -s 'Publish all of stdin as one message'
            cand --stdin-file 'Publish all of stdin as one message'
            cand -l 'Publish each line of stdin as a message'
            cand --stdin-line 'Publish each line of stdin as a message'
            cand -0 'Publish what stands between NUL bytes in stdin, each as a message'
            cand --stdin-nul 'Publish what stands between NUL bytes in stdin, each as a message'
            cand --ndjson 'Publish messages that come as lines of JSON, as sub -J prints them: topic, payload or payload_b64, qos, retain, properties; the options say what a line does not'
            cand -n 'Publish an empty message; with -r it removes the retained one'
            cand --null-message 'Publish an empty message; with -r it removes the retained one'
            cand --template 'Fill in, in payload and topic: {{seq}}, {{now}}, {{unix}}, {{unix_ms}}, {{unix_us}}, {{unix_ns}}, {{uuid}}, {{rand 1 9}}, {{hex 8}}, {{pick a b}}'
            cand -r 'Ask the broker to keep the message for later subscribers'
            cand --retain 'Ask the broker to keep the message for later subscribers'
            cand --fail-if-no-subscriber 'Fail when nobody is subscribed to a topic (QoS 1 and 2, MQTT 5, if the broker tells)'
            cand -c 'Go on with the session of this client identifier, and keep it; without -x for ever'
            cand --disable-clean-session 'Go on with the session of this client identifier, and keep it; without -x for ever'
            cand --ws 'Speak MQTT over WebSocket'
            cand --ask-password 'Ask for the password at the terminal'
            cand -d 'Say on stderr which packets are sent and received'
            cand --debug 'Say on stderr which packets are sent and received'
            cand --insecure 'Use TLS and believe any certificate; for tests only'
            cand --no-tls 'Use no TLS, not even with port 8883'
            cand --will-retain 'Ask the broker to keep it for later subscribers'
            cand --help 'Print help'
        }
        &'mqx;sub'= {
            cand -t 'Topic filter to subscribe to (repeatable); $share/GROUP/FILTER shares it'
            cand --topic 'Topic filter to subscribe to (repeatable); $share/GROUP/FILTER shares it'
            cand -T 'Leave out messages whose topic matches this filter (repeatable)'
            cand --filter-out 'Leave out messages whose topic matches this filter (repeatable)'
            cand -U 'End this subscription of a kept session (repeatable, see -c)'
            cand --unsubscribe 'End this subscription of a kept session (repeatable, see -c)'
            cand -q 'Highest quality of service wanted: 0, 1 or 2; one for all topics, or as many as there are topics [default: 0]'
            cand --qos 'Highest quality of service wanted: 0, 1 or 2; one for all topics, or as many as there are topics [default: 0]'
            cand --retain-handling 'When a subscription brings the retained messages: always, new (if there was none like it) or never (MQTT 5)'
            cand --subscription-identifier 'Number that messages of this subscription will carry (MQTT 5)'
            cand --user-property 'User property of SUBSCRIBE, as in name=value (repeatable, MQTT 5)'
            cand -C 'End after this many messages'
            cand --count 'End after this many messages'
            cand -W 'End after this time, as in 10, 500ms or 2m, with exit code 27'
            cand --timeout 'End after this time, as in 10, 500ms or 2m, with exit code 27'
            cand --idle-timeout 'End when no message came for this time, with exit code 27'
            cand -F 'Print each message in this format, the one of mosquitto: %t topic, %p payload, %x payload in hex, %q QoS, %r retained, %j JSON, %I time ...'
            cand --format 'Print each message in this format, the one of mosquitto: %t topic, %p payload, %x payload in hex, %q QoS, %r retained, %j JSON, %I time ...'
            cand -i 'Client identifier; %h stands for this machine, %p for the process, %r for something random, %u for the user name [default: the broker chooses one]'
            cand --id 'Client identifier; %h stands for this machine, %p for the process, %r for something random, %u for the user name [default: the broker chooses one]'
            cand -I 'Client identifier that begins with this and ends with the number of the process'
            cand --id-prefix 'Client identifier that begins with this and ends with the number of the process'
            cand -h 'Host name or address of the broker; of several the next is tried when one fails (repeatable) [default: localhost]'
            cand --host 'Host name or address of the broker; of several the next is tried when one fails (repeatable) [default: localhost]'
            cand -p 'Port of the broker [default: 1883, with TLS 8883]; 8883 means TLS'
            cand --port 'Port of the broker [default: 1883, with TLS 8883]; 8883 means TLS'
            cand --unix 'Unix socket of the broker'
            cand --ws-path 'Path of the broker for WebSocket [default: /mqtt]'
            cand --ws-header 'Header of the WebSocket request, as in ''Authorization: Bearer x'' (repeatable)'
            cand --proxy 'Connect through this proxy: socks5h://, socks5://, http:// or https://[USER:PASSWORD@]HOST[:PORT], or none [default: ALL_PROXY, for wss HTTPS_PROXY before it and for ws http_proxy, unless NO_PROXY has the host]'
            cand -A 'Connect from this address of the machine'
            cand --bind 'Connect from this address of the machine'
            cand -u 'User name'
            cand --username 'User name'
            cand -P 'Password; on this machine everybody can see it, unlike with the next four'
            cand --password 'Password; on this machine everybody can see it, unlike with the next four'
            cand --password-file 'Take the password from this file'
            cand --password-env 'Take the password from this variable of the environment'
            cand --password-command 'Take the password from what this command of the shell prints'
            cand -k 'Seconds of silence after which a ping is sent; 0 for none'
            cand --keepalive 'Seconds of silence after which a ping is sent; 0 for none'
            cand -V 'Version of MQTT: 5, 3.1.1 or 3.1 [default: 5, and 3.1.1 if the broker refuses it]'
            cand --mqtt-version 'Version of MQTT: 5, 3.1.1 or 3.1 [default: 5, and 3.1.1 if the broker refuses it]'
            cand --connect-timeout 'Give up connecting after this time, as in 10, 500ms or 2m'
            cand --engine 'Whose implementation of MQTT speaks: native (that of mqx) or rumqttc'
            cand --jwt-key 'Sign a token with this private key (PEM) for a password, a new one for every connection'
            cand --jwt-alg 'How to sign it: RS256 or ES256 [default: as the key is made for]'
            cand --jwt-aud 'Whom it is for (aud; repeatable)'
            cand --jwt-sub 'Whom it is about (sub) [default: the user name]'
            cand --jwt-iss 'Whom it is from (iss)'
            cand --jwt-kid 'Name of the key (kid)'
            cand --jwt-claim 'Another claim, as in name=value; a value in JSON is taken as that (repeatable)'
            cand --jwt-ttl 'How long it counts, as in 600 or 1h'
            cand --tls 'Use TLS; trust the CA in this file, or without one those of the system'
            cand --cafile 'The same as --tls with a CA'
            cand --capath 'Use TLS and trust the CAs in the PEM files of this directory'
            cand --cert 'Use TLS and show this certificate to the broker (PEM)'
            cand --key 'The private key of that certificate (PEM, also encrypted PKCS#8)'
            cand --key-password 'Password of the private key; on this machine everybody can see it'
            cand --key-password-file 'Take the password of the private key from this file'
            cand --key-password-env 'Take the password of the private key from this variable of the environment'
            cand --sni 'Name to ask the broker for (SNI) and to check its certificate with, in place of the host'
            cand --tls-alpn 'Application protocol to offer (ALPN), as in mqtt or x-amzn-mqtt-ca (repeatable)'
            cand --tls-version 'Speak this version of TLS and no other: 1.2 or 1.3'
            cand --tls-keylog 'Append the secrets of TLS to this file, for Wireshark [default: that of SSLKEYLOGFILE]'
            cand --will-topic 'Topic of the message the broker publishes when the connection is lost'
            cand --will-payload 'Its payload [default: empty]'
            cand --will-file 'Its payload from this file'
            cand --will-qos 'Its quality of service: 0, 1 or 2'
            cand --will-delay-interval 'Publish it only after this time, as in 10 or 1m (MQTT 5)'
            cand --will-message-expiry-interval 'Time after which it is worth nothing (MQTT 5)'
            cand --will-content-type 'What its payload is, as in application/json (MQTT 5)'
            cand --will-payload-format-indicator 'Whether its payload is UTF-8 text (MQTT 5)'
            cand --will-response-topic 'Topic for an answer to it (MQTT 5)'
            cand --will-correlation-data 'What an answer is to repeat: text, hex:... or base64:... (MQTT 5)'
            cand --will-user-property 'User property of it, as in name=value (repeatable, MQTT 5)'
            cand -x 'Keep the session so long after the connection, as in 60, 1h or never (to end)'
            cand --session-expiry-interval 'Keep the session so long after the connection, as in 60, 1h or never (to end)'
            cand --receive-maximum 'QoS 1 and 2 messages the broker may send before they are answered'
            cand --maximum-packet-size 'Bytes of the largest packet the broker may send'
            cand --topic-alias-maximum 'Topic aliases the broker may use'
            cand --request-response-information 'Ask for the basis of response topics'
            cand --request-problem-information 'Ask for reasons in words [default: true]'
            cand --connect-user-property 'User property of CONNECT, as in name=value (repeatable)'
            cand --authentication-method 'Method of enhanced authentication: SCRAM-SHA-256 takes user and password and checks the broker too; of others only what CONNECT says can be given'
            cand --authentication-data 'Data of that method: text, hex:... or base64:...'
            cand --disconnect-session-expiry-interval 'Session expiry in DISCONNECT: from then on this holds'
            cand --disconnect-reason 'Reason in words in DISCONNECT'
            cand --disconnect-user-property 'User property of DISCONNECT, as in name=value (repeatable)'
            cand -D 'Set a property as with mosquitto: connect, publish, subscribe, disconnect or will, its name and its value; each has an option of its own here'
            cand --property 'Set a property as with mosquitto: connect, publish, subscribe, disconnect or will, its name and its value; each has an option of its own here'
            cand --config 'File with the profiles [default: ~/.config/mqx/config.toml]'
            cand -o 'Option file of mosquitto''s clients'
            cand --config-file 'Option file of mosquitto''s clients'
            cand -b 'Broker as a URL: mqtt[s]://[USER[:PASSWORD]@]HOST[:PORT][/TOPIC], ws[s]://...[/PATH] or unix:///PATH (repeatable, as -h); or the name of a profile'
            cand -L 'Broker as a URL: mqtt[s]://[USER[:PASSWORD]@]HOST[:PORT][/TOPIC], ws[s]://...[/PATH] or unix:///PATH (repeatable, as -h); or the name of a profile'
            cand --broker 'Broker as a URL: mqtt[s]://[USER[:PASSWORD]@]HOST[:PORT][/TOPIC], ws[s]://...[/PATH] or unix:///PATH (repeatable, as -h); or the name of a profile'
            cand --color 'Colour what is said on stderr: auto, always or never'
            cand -R 'Leave out retained messages'
            cand --no-retained 'Leave out retained messages'
            cand --retained-only 'Print retained messages only and end with the last, or at the first message that is not one'
            cand --remove-retained 'Print the retained messages, remove them from the broker, and end'
            cand --no-local 'Leave out what this client published itself (MQTT 5)'
            cand --retain-as-published 'Show whether a message was published to be retained (MQTT 5)'
            cand -E 'End as soon as the broker has answered the subscriptions'
            cand --exit-after-sub 'End as soon as the broker has answered the subscriptions'
            cand -v 'Print the topic before the payload'
            cand --verbose 'Print the topic before the payload'
            cand -J 'Print each message as one line of JSON'
            cand --json 'Print each message as one line of JSON'
            cand -N 'Print no line feed behind each message'
            cand -c 'Go on with the session of this client identifier, and keep it; without -x for ever'
            cand --disable-clean-session 'Go on with the session of this client identifier, and keep it; without -x for ever'
            cand --ws 'Speak MQTT over WebSocket'
            cand --ask-password 'Ask for the password at the terminal'
            cand -d 'Say on stderr which packets are sent and received'
            cand --debug 'Say on stderr which packets are sent and received'
            cand --insecure 'Use TLS and believe any certificate; for tests only'
            cand --no-tls 'Use no TLS, not even with port 8883'
            cand --will-retain 'Ask the broker to keep it for later subscribers'
            cand --help 'Print help'
        }
        &'mqx;bench'= {
            cand --rate 'Messages per second of all publishers together [default: as many as possible]'
            cand -c 'Clients that publish'
            cand --count 'Clients that publish'
            cand --subscribers 'Clients that receive what every publisher sends'
            cand -q 'Quality of service of publishes and subscriptions: 0, 1 or 2'
            cand --qos 'Quality of service of publishes and subscriptions: 0, 1 or 2'
            cand -s 'Bytes of each payload, as in 64, 4k or 1MB; at least 32'
            cand --size 'Bytes of each payload, as in 64, 4k or 1MB; at least 32'
            cand -t 'Publish to this topic, in which %i is the number of the publisher [default: one for each publisher that no other run has]'
            cand --topic 'Publish to this topic, in which %i is the number of the publisher [default: one for each publisher that no other run has]'
            cand --duration 'End after this time, as in 10, 500ms or 2m [default: run until Ctrl-C]'
            cand -L 'End after this many messages of all publishers together'
            cand --limit 'End after this many messages of all publishers together'
            cand -F 'Messages of QoS 1 and 2 that each publisher has unacknowledged at once'
            cand --inflight 'Messages of QoS 1 and 2 that each publisher has unacknowledged at once'
            cand -i 'What every client identifier begins with [default: mqx-bench and the run]'
            cand --id 'What every client identifier begins with [default: mqx-bench and the run]'
            cand -h 'Host name or address of the broker; of several the next is tried when one fails (repeatable) [default: localhost]'
            cand --host 'Host name or address of the broker; of several the next is tried when one fails (repeatable) [default: localhost]'
            cand -p 'Port of the broker [default: 1883, with TLS 8883]; 8883 means TLS'
            cand --port 'Port of the broker [default: 1883, with TLS 8883]; 8883 means TLS'
            cand -b 'Broker as a URL: mqtt[s]://[USER[:PASSWORD]@]HOST[:PORT][/TOPIC], ws[s]://...[/PATH] or unix:///PATH (repeatable, as -h); or the name of a profile'
            cand --broker 'Broker as a URL: mqtt[s]://[USER[:PASSWORD]@]HOST[:PORT][/TOPIC], ws[s]://...[/PATH] or unix:///PATH (repeatable, as -h); or the name of a profile'
            cand --unix 'Unix socket of the broker'
            cand --ws-path 'Path of the broker for WebSocket [default: /mqtt]'
            cand --ws-header 'Header of the WebSocket request, as in ''Authorization: Bearer x'' (repeatable)'
            cand --proxy 'Connect through this proxy: socks5h://, socks5://, http:// or https://[USER:PASSWORD@]HOST[:PORT], or none [default: ALL_PROXY, for wss HTTPS_PROXY before it and for ws http_proxy, unless NO_PROXY has the host]'
            cand -A 'Connect from this address of the machine'
            cand --bind 'Connect from this address of the machine'
            cand -u 'User name'
            cand --username 'User name'
            cand -P 'Password; on this machine everybody can see it, unlike with the next four'
            cand --password 'Password; on this machine everybody can see it, unlike with the next four'
            cand --password-file 'Take the password from this file'
            cand --password-env 'Take the password from this variable of the environment'
            cand --password-command 'Take the password from what this command of the shell prints'
            cand -k 'Seconds of silence after which a ping is sent; 0 for none'
            cand --keepalive 'Seconds of silence after which a ping is sent; 0 for none'
            cand -V 'Version of MQTT: 5, 3.1.1 or 3.1 [default: 5, and 3.1.1 if the broker refuses it]'
            cand --mqtt-version 'Version of MQTT: 5, 3.1.1 or 3.1 [default: 5, and 3.1.1 if the broker refuses it]'
            cand --connect-timeout 'Give up connecting after this time, as in 10, 500ms or 2m'
            cand --engine 'Whose implementation of MQTT speaks: native (that of mqx) or rumqttc'
            cand --jwt-key 'Sign a token with this private key (PEM) for a password, a new one for every connection'
            cand --jwt-alg 'How to sign it: RS256 or ES256 [default: as the key is made for]'
            cand --jwt-aud 'Whom it is for (aud; repeatable)'
            cand --jwt-sub 'Whom it is about (sub) [default: the user name]'
            cand --jwt-iss 'Whom it is from (iss)'
            cand --jwt-kid 'Name of the key (kid)'
            cand --jwt-claim 'Another claim, as in name=value; a value in JSON is taken as that (repeatable)'
            cand --jwt-ttl 'How long it counts, as in 600 or 1h'
            cand --tls 'Use TLS; trust the CA in this file, or without one those of the system'
            cand --cafile 'The same as --tls with a CA'
            cand --capath 'Use TLS and trust the CAs in the PEM files of this directory'
            cand --cert 'Use TLS and show this certificate to the broker (PEM)'
            cand --key 'The private key of that certificate (PEM, also encrypted PKCS#8)'
            cand --key-password 'Password of the private key; on this machine everybody can see it'
            cand --key-password-file 'Take the password of the private key from this file'
            cand --key-password-env 'Take the password of the private key from this variable of the environment'
            cand --sni 'Name to ask the broker for (SNI) and to check its certificate with, in place of the host'
            cand --tls-alpn 'Application protocol to offer (ALPN), as in mqtt or x-amzn-mqtt-ca (repeatable)'
            cand --tls-version 'Speak this version of TLS and no other: 1.2 or 1.3'
            cand --tls-keylog 'Append the secrets of TLS to this file, for Wireshark [default: that of SSLKEYLOGFILE]'
            cand --will-topic 'Topic of the message the broker publishes when the connection is lost'
            cand --will-payload 'Its payload [default: empty]'
            cand --will-file 'Its payload from this file'
            cand --will-qos 'Its quality of service: 0, 1 or 2'
            cand --will-delay-interval 'Publish it only after this time, as in 10 or 1m (MQTT 5)'
            cand --will-message-expiry-interval 'Time after which it is worth nothing (MQTT 5)'
            cand --will-content-type 'What its payload is, as in application/json (MQTT 5)'
            cand --will-payload-format-indicator 'Whether its payload is UTF-8 text (MQTT 5)'
            cand --will-response-topic 'Topic for an answer to it (MQTT 5)'
            cand --will-correlation-data 'What an answer is to repeat: text, hex:... or base64:... (MQTT 5)'
            cand --will-user-property 'User property of it, as in name=value (repeatable, MQTT 5)'
            cand -x 'Keep the session so long after the connection, as in 60, 1h or never (to end)'
            cand --session-expiry-interval 'Keep the session so long after the connection, as in 60, 1h or never (to end)'
            cand --receive-maximum 'QoS 1 and 2 messages the broker may send before they are answered'
            cand --maximum-packet-size 'Bytes of the largest packet the broker may send'
            cand --topic-alias-maximum 'Topic aliases the broker may use'
            cand --request-response-information 'Ask for the basis of response topics'
            cand --request-problem-information 'Ask for reasons in words [default: true]'
            cand --connect-user-property 'User property of CONNECT, as in name=value (repeatable)'
            cand --authentication-method 'Method of enhanced authentication: SCRAM-SHA-256 takes user and password and checks the broker too; of others only what CONNECT says can be given'
            cand --authentication-data 'Data of that method: text, hex:... or base64:...'
            cand --disconnect-session-expiry-interval 'Session expiry in DISCONNECT: from then on this holds'
            cand --disconnect-reason 'Reason in words in DISCONNECT'
            cand --disconnect-user-property 'User property of DISCONNECT, as in name=value (repeatable)'
            cand -D 'Set a property as with mosquitto: connect, publish, subscribe, disconnect or will, its name and its value; each has an option of its own here'
            cand --property 'Set a property as with mosquitto: connect, publish, subscribe, disconnect or will, its name and its value; each has an option of its own here'
            cand --config 'File with the profiles [default: ~/.config/mqx/config.toml]'
            cand -o 'Option file of mosquitto''s clients'
            cand --config-file 'Option file of mosquitto''s clients'
            cand --color 'Colour what is said on stderr: auto, always or never'
            cand --json 'Print the report as one JSON object'
            cand --embedded 'Start a broker inside this process, on a free port, and measure that'
            cand --ws 'Speak MQTT over WebSocket'
            cand --ask-password 'Ask for the password at the terminal'
            cand -d 'Say on stderr which packets are sent and received'
            cand --debug 'Say on stderr which packets are sent and received'
            cand --insecure 'Use TLS and believe any certificate; for tests only'
            cand --no-tls 'Use no TLS, not even with port 8883'
            cand --will-retain 'Ask the broker to keep it for later subscribers'
            cand --help 'Print help'
        }
        &'mqx;certs'= {
            cand --color 'Colour what is said on stderr: auto, always or never'
            cand --help 'Print help'
            cand init 'Make a CA with a certificate for a broker and one for a client'
            cand ca 'Make a CA of your own'
            cand intermediate 'Make a CA below another, to keep the key of that one away'
            cand server 'Make a certificate for a broker'
            cand client 'Make certificates for clients'
            cand csr 'Make a request for a certificate, for another CA to sign'
            cand sign 'Sign requests for certificates'
            cand inspect 'Print what a certificate, request, revocation list or server says'
            cand verify 'Check whether a certificate would be believed, and why not'
            cand needs-renewal 'Fail if a certificate ends soon, for cron'
            cand renew 'Make certificates valid for longer'
            cand revoke 'Revoke certificates, and write the list for brokers'
            cand crl 'Write the list of revoked certificates again, before it ends'
            cand bundle 'Put a certificate and its key together for other programs and devices'
            cand bad 'Make certificates that clients and brokers have to refuse'
            cand install 'Make this system trust a CA'
            cand uninstall 'Make this system no longer trust a CA'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'mqx;certs;init'= {
            cand --dir 'Write the files here, into the folder of the CA; it is made if it is missing'
            cand --host 'Make the server certificate for this host name or IP address as well (repeatable; *.example.org stands for every host of example.org)'
            cand --client-name 'The common name of the client certificate'
            cand --subject 'What the subjects of all three begin with, as in C=TW,ST=Taipei,O=FOO'
            cand --days 'How many days the certificates are valid, not counting those of CAs'
            cand --print 'Print the configuration that uses the files: of mosquitto, emqx, nanomq, mqx, paho-python, mqttjs or esp-idf'
            cand --key-type 'Kind of the new key: p256, p384, ed25519, rsa2048, rsa3072 or rsa4096'
            cand --key-password 'Encrypt the new key with this password; on this machine everybody can see it'
            cand --key-password-file 'Encrypt the new key with the password in this file'
            cand --key-password-env 'Encrypt the new key with the password in this variable of the environment'
            cand --color 'Colour what is said on stderr: auto, always or never'
            cand --force 'Replace files that exist'
            cand --json 'Say what was made in JSON, a line for each certificate'
            cand --help 'Print help'
        }
        &'mqx;certs;ca'= {
            cand --path-length 'How many CAs may be in a row below it'
            cand --dir 'Write the files here, into the folder of the CA; it is made if it is missing'
            cand --common-name 'Common name of the CA [default: mqx CA and a random number]'
            cand --subject 'What its subject begins with, as in C=TW,ST=Taipei,O=FOO,OU=BAR'
            cand --days 'How many days it is valid'
            cand --key-type 'Kind of the new key: p256, p384, ed25519, rsa2048, rsa3072 or rsa4096'
            cand --key-password 'Encrypt the new key with this password; on this machine everybody can see it'
            cand --key-password-file 'Encrypt the new key with the password in this file'
            cand --key-password-env 'Encrypt the new key with the password in this variable of the environment'
            cand --color 'Colour what is said on stderr: auto, always or never'
            cand --force 'Replace files that exist'
            cand --json 'Say what was made in JSON, a line for each certificate'
            cand --help 'Print help'
        }
        &'mqx;certs;intermediate'= {
            cand --path-length 'How many CAs may be in a row below it'
            cand --dir 'Write the files here, into the folder of the CA; it is made if it is missing'
            cand --common-name 'Common name of the CA [default: mqx CA and a random number]'
            cand --subject 'What its subject begins with, as in C=TW,ST=Taipei,O=FOO,OU=BAR'
            cand --days 'How many days it is valid'
            cand --key-type 'Kind of the new key: p256, p384, ed25519, rsa2048, rsa3072 or rsa4096'
            cand --key-password 'Encrypt the new key with this password; on this machine everybody can see it'
            cand --key-password-file 'Encrypt the new key with the password in this file'
            cand --key-password-env 'Encrypt the new key with the password in this variable of the environment'
            cand --ca 'Certificate of the CA that signs (PEM), of openssl or of a CA below yours [default: ca.crt in --dir]'
            cand --ca-key 'Key of that CA (PEM) [default: beside its certificate, ending in .key]'
            cand --ca-key-password 'Password of the CA''s key; on this machine everybody can see it'
            cand --ca-key-password-file 'Take the password of the CA''s key from this file'
            cand --ca-key-password-env 'Take the password of the CA''s key from this variable of the environment'
            cand --color 'Colour what is said on stderr: auto, always or never'
            cand --force 'Replace files that exist'
            cand --json 'Say what was made in JSON, a line for each certificate'
            cand --help 'Print help'
        }
        &'mqx;certs;server'= {
            cand --dir 'Write the files here, into the folder of the CA; it is made if it is missing'
            cand --subject 'What the subject begins with, as in C=TW,ST=Taipei,O=FOO,OU=BAR'
            cand --name 'Call the files NAME.crt and NAME.key [default: after the certificate]'
            cand --days 'How many days the certificates are valid, not counting those of CAs'
            cand --print 'Print the configuration that uses the files: of mosquitto, emqx, nanomq, mqx, paho-python, mqttjs or esp-idf'
            cand --key-type 'Kind of the new key: p256, p384, ed25519, rsa2048, rsa3072 or rsa4096'
            cand --key-password 'Encrypt the new key with this password; on this machine everybody can see it'
            cand --key-password-file 'Encrypt the new key with the password in this file'
            cand --key-password-env 'Encrypt the new key with the password in this variable of the environment'
            cand --ca 'Certificate of the CA that signs (PEM), of openssl or of a CA below yours [default: ca.crt in --dir]'
            cand --ca-key 'Key of that CA (PEM) [default: beside its certificate, ending in .key]'
            cand --ca-key-password 'Password of the CA''s key; on this machine everybody can see it'
            cand --ca-key-password-file 'Take the password of the CA''s key from this file'
            cand --ca-key-password-env 'Take the password of the CA''s key from this variable of the environment'
            cand --color 'Colour what is said on stderr: auto, always or never'
            cand --force 'Replace files that exist'
            cand --json 'Say what was made in JSON, a line for each certificate'
            cand --help 'Print help'
        }
        &'mqx;certs;client'= {
            cand --san 'Another subjectAltName: a URI, an e-mail address or a host (repeatable)'
            cand --dir 'Write the files here, into the folder of the CA; it is made if it is missing'
            cand --subject 'What the subject begins with, as in C=TW,ST=Taipei,O=FOO,OU=BAR'
            cand --name 'Call the files NAME.crt and NAME.key [default: after the certificate]'
            cand --days 'How many days the certificates are valid, not counting those of CAs'
            cand --print 'Print the configuration that uses the files: of mosquitto, emqx, nanomq, mqx, paho-python, mqttjs or esp-idf'
            cand --key-type 'Kind of the new key: p256, p384, ed25519, rsa2048, rsa3072 or rsa4096'
            cand --key-password 'Encrypt the new key with this password; on this machine everybody can see it'
            cand --key-password-file 'Encrypt the new key with the password in this file'
            cand --key-password-env 'Encrypt the new key with the password in this variable of the environment'
            cand --ca 'Certificate of the CA that signs (PEM), of openssl or of a CA below yours [default: ca.crt in --dir]'
            cand --ca-key 'Key of that CA (PEM) [default: beside its certificate, ending in .key]'
            cand --ca-key-password 'Password of the CA''s key; on this machine everybody can see it'
            cand --ca-key-password-file 'Take the password of the CA''s key from this file'
            cand --ca-key-password-env 'Take the password of the CA''s key from this variable of the environment'
            cand --color 'Colour what is said on stderr: auto, always or never'
            cand --force 'Replace files that exist'
            cand --json 'Say what was made in JSON, a line for each certificate'
            cand --help 'Print help'
        }
        &'mqx;certs;csr'= {
            cand --dir 'Write the files here, into the folder of the CA; it is made if it is missing'
            cand --subject 'What the subject begins with, as in C=TW,ST=Taipei,O=FOO,OU=BAR'
            cand --name 'Call the files NAME.csr and NAME.key [default: after the first name]'
            cand --key-type 'Kind of the new key: p256, p384, ed25519, rsa2048, rsa3072 or rsa4096'
            cand --key-password 'Encrypt the new key with this password; on this machine everybody can see it'
            cand --key-password-file 'Encrypt the new key with the password in this file'
            cand --key-password-env 'Encrypt the new key with the password in this variable of the environment'
            cand --color 'Colour what is said on stderr: auto, always or never'
            cand --client 'Ask for the certificate of a client'
            cand --force 'Replace files that exist'
            cand --json 'Say what was made in JSON, a line for each certificate'
            cand --help 'Print help'
        }
        &'mqx;certs;sign'= {
            cand --host 'A host name or IP address beside those that are asked for (repeatable)'
            cand --dir 'Write the files here, into the folder of the CA; it is made if it is missing'
            cand --days 'How many days the certificates are valid, not counting those of CAs'
            cand --ca 'Certificate of the CA that signs (PEM), of openssl or of a CA below yours [default: ca.crt in --dir]'
            cand --ca-key 'Key of that CA (PEM) [default: beside its certificate, ending in .key]'
            cand --ca-key-password 'Password of the CA''s key; on this machine everybody can see it'
            cand --ca-key-password-file 'Take the password of the CA''s key from this file'
            cand --ca-key-password-env 'Take the password of the CA''s key from this variable of the environment'
            cand --color 'Colour what is said on stderr: auto, always or never'
            cand --server 'Make it the certificate of a server [default: if it names a host]'
            cand --client 'Make it the certificate of a client [default: if it names no host]'
            cand --force 'Replace files that exist'
            cand --json 'Say what was made in JSON, a line for each certificate'
            cand --help 'Print help'
        }
        &'mqx;certs;inspect'= {
            cand --sni 'Name to ask the server for (SNI) in place of the host'
            cand --connect-timeout 'How long the server may take'
            cand --key 'Say whether this private key (PEM) belongs to the certificate'
            cand --key-password 'Password of that key; on this machine everybody can see it'
            cand --key-password-file 'Take the password of that key from this file'
            cand --color 'Colour what is said on stderr: auto, always or never'
            cand --json 'Say it in JSON'
            cand --help 'Print help'
        }
        &'mqx;certs;verify'= {
            cand --sni 'Name to ask the server for (SNI) in place of the host'
            cand --connect-timeout 'How long the server may take'
            cand --cafile 'CA that has to have signed it (PEM) [default: those of the system]'
            cand --host 'Host that a server''s certificate has to be for'
            cand --crlfile 'Lists of what the CAs have revoked (PEM)'
            cand --crl 'Lists of what the CAs have revoked (PEM)'
            cand --color 'Colour what is said on stderr: auto, always or never'
            cand --json 'Say it in JSON'
            cand --client 'Check it as the certificate of a client'
            cand --help 'Print help'
        }
        &'mqx;certs;needs-renewal'= {
            cand --sni 'Name to ask the server for (SNI) in place of the host'
            cand --connect-timeout 'How long the server may take'
            cand --within 'How much time there has to be'
            cand --color 'Colour what is said on stderr: auto, always or never'
            cand --json 'Say it in JSON'
            cand --help 'Print help'
        }
        &'mqx;certs;renew'= {
            cand --dir 'Folder of the CA that signs [default: that of each file]'
            cand --days 'How many days they are valid [default: as long as new ones]'
            cand --key-type 'Kind of the new key: p256, p384, ed25519, rsa2048, rsa3072 or rsa4096'
            cand --key-password 'Encrypt the new key with this password; on this machine everybody can see it'
            cand --key-password-file 'Encrypt the new key with the password in this file'
            cand --key-password-env 'Encrypt the new key with the password in this variable of the environment'
            cand --ca 'Certificate of the CA that signs (PEM), of openssl or of a CA below yours [default: ca.crt in --dir]'
            cand --ca-key 'Key of that CA (PEM) [default: beside its certificate, ending in .key]'
            cand --ca-key-password 'Password of the CA''s key; on this machine everybody can see it'
            cand --ca-key-password-file 'Take the password of the CA''s key from this file'
            cand --ca-key-password-env 'Take the password of the CA''s key from this variable of the environment'
            cand --color 'Colour what is said on stderr: auto, always or never'
            cand --new-key 'Make new keys too, in the .key files beside the certificates'
            cand --json 'Say what was made in JSON'
            cand --help 'Print help'
        }
        &'mqx;certs;revoke'= {
            cand --reason 'Why: keyCompromise, superseded, affiliationChanged, cessationOfOperation, privilegeWithdrawn or unspecified'
            cand --dir 'Folder of the CA'
            cand --days 'In how many days brokers need a new list; they turn all clients away after'
            cand --ca 'Certificate of the CA that signs (PEM), of openssl or of a CA below yours [default: ca.crt in --dir]'
            cand --ca-key 'Key of that CA (PEM) [default: beside its certificate, ending in .key]'
            cand --ca-key-password 'Password of the CA''s key; on this machine everybody can see it'
            cand --ca-key-password-file 'Take the password of the CA''s key from this file'
            cand --ca-key-password-env 'Take the password of the CA''s key from this variable of the environment'
            cand --color 'Colour what is said on stderr: auto, always or never'
            cand --json 'Say it in JSON'
            cand --help 'Print help'
        }
        &'mqx;certs;crl'= {
            cand --dir 'Folder of the CA'
            cand --days 'In how many days brokers need a new list; they turn all clients away after'
            cand --ca 'Certificate of the CA that signs (PEM), of openssl or of a CA below yours [default: ca.crt in --dir]'
            cand --ca-key 'Key of that CA (PEM) [default: beside its certificate, ending in .key]'
            cand --ca-key-password 'Password of the CA''s key; on this machine everybody can see it'
            cand --ca-key-password-file 'Take the password of the CA''s key from this file'
            cand --ca-key-password-env 'Take the password of the CA''s key from this variable of the environment'
            cand --color 'Colour what is said on stderr: auto, always or never'
            cand --json 'Say it in JSON'
            cand --help 'Print help'
        }
        &'mqx;certs;bundle'= {
            cand -f 'How: pem (the whole chain), p12 (PKCS#12 for Windows and Java), der (for devices) or header (of C, for firmware)'
            cand --format 'How: pem (the whole chain), p12 (PKCS#12 for Windows and Java), der (for devices) or header (of C, for firmware)'
            cand --key 'Private key of the certificate [default: beside it, ending in .key]'
            cand --key-password 'Password of that key; on this machine everybody can see it'
            cand --key-password-file 'Take the password of that key from this file'
            cand --cafile 'CA at the top of the chain [default: ca.crt beside the certificate]'
            cand --password 'Encrypt PKCS#12 with this password; on this machine everybody can see it'
            cand --password-file 'Encrypt PKCS#12 with the password in this file'
            cand --password-env 'Encrypt PKCS#12 with the password in this variable of the environment'
            cand --dir 'Write the files here, into the folder of the CA; it is made if it is missing'
            cand --color 'Colour what is said on stderr: auto, always or never'
            cand --force 'Replace files that exist'
            cand --json 'Say what was made in JSON, a line for each certificate'
            cand --help 'Print help'
        }
        &'mqx;certs;bad'= {
            cand --host 'What the certificates would be for (repeatable)'
            cand --dir 'Write the files here, into the folder of the CA; it is made if it is missing'
            cand --ca 'Certificate of the CA that signs (PEM), of openssl or of a CA below yours [default: ca.crt in --dir]'
            cand --ca-key 'Key of that CA (PEM) [default: beside its certificate, ending in .key]'
            cand --ca-key-password 'Password of the CA''s key; on this machine everybody can see it'
            cand --ca-key-password-file 'Take the password of the CA''s key from this file'
            cand --ca-key-password-env 'Take the password of the CA''s key from this variable of the environment'
            cand --color 'Colour what is said on stderr: auto, always or never'
            cand --force 'Replace files that exist'
            cand --json 'Say what was made in JSON, a line for each certificate'
            cand --help 'Print help'
        }
        &'mqx;certs;install'= {
            cand --root 'Root of the system whose store it is, for tests'
            cand --color 'Colour what is said on stderr: auto, always or never'
            cand --json 'Say it in JSON'
            cand --help 'Print help'
        }
        &'mqx;certs;uninstall'= {
            cand --root 'Root of the system whose store it is, for tests'
            cand --color 'Colour what is said on stderr: auto, always or never'
            cand --json 'Say it in JSON'
            cand --help 'Print help'
        }
        &'mqx;certs;help'= {
            cand init 'Make a CA with a certificate for a broker and one for a client'
            cand ca 'Make a CA of your own'
            cand intermediate 'Make a CA below another, to keep the key of that one away'
            cand server 'Make a certificate for a broker'
            cand client 'Make certificates for clients'
            cand csr 'Make a request for a certificate, for another CA to sign'
            cand sign 'Sign requests for certificates'
            cand inspect 'Print what a certificate, request, revocation list or server says'
            cand verify 'Check whether a certificate would be believed, and why not'
            cand needs-renewal 'Fail if a certificate ends soon, for cron'
            cand renew 'Make certificates valid for longer'
            cand revoke 'Revoke certificates, and write the list for brokers'
            cand crl 'Write the list of revoked certificates again, before it ends'
            cand bundle 'Put a certificate and its key together for other programs and devices'
            cand bad 'Make certificates that clients and brokers have to refuse'
            cand install 'Make this system trust a CA'
            cand uninstall 'Make this system no longer trust a CA'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'mqx;certs;help;init'= {
        }
        &'mqx;certs;help;ca'= {
        }
        &'mqx;certs;help;intermediate'= {
        }
        &'mqx;certs;help;server'= {
        }
        &'mqx;certs;help;client'= {
        }
        &'mqx;certs;help;csr'= {
        }
        &'mqx;certs;help;sign'= {
        }
        &'mqx;certs;help;inspect'= {
        }
        &'mqx;certs;help;verify'= {
        }
        &'mqx;certs;help;needs-renewal'= {
        }
        &'mqx;certs;help;renew'= {
        }
        &'mqx;certs;help;revoke'= {
        }
        &'mqx;certs;help;crl'= {
        }
        &'mqx;certs;help;bundle'= {
        }
        &'mqx;certs;help;bad'= {
        }
        &'mqx;certs;help;install'= {
        }
        &'mqx;certs;help;uninstall'= {
        }
        &'mqx;certs;help;help'= {
        }
        &'mqx;profile'= {
            cand --config 'File with the profiles [default: ~/.config/mqx/config.toml]'
            cand --color 'Colour what is said on stderr: auto, always or never'
            cand --help 'Print help'
            cand ls 'Name the profiles and their brokers'
            cand show 'Show what a profile says, but for its secrets'
            cand add 'Add a profile with options of the clients'
            cand rm 'Remove a profile'
            cand import 'Make profiles of what mosquitto''s clients, MQTTX or `HiveMQ`''s tool know'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'mqx;profile;ls'= {
            cand --color 'Colour what is said on stderr: auto, always or never'
            cand --help 'Print help'
        }
        &'mqx;profile;show'= {
            cand --color 'Colour what is said on stderr: auto, always or never'
            cand --help 'Print help'
        }
        &'mqx;profile;add'= {
            cand -i 'Client identifier; %h stands for this machine, %p for the process, %r for something random, %u for the user name [default: the broker chooses one]'
            cand --id 'Client identifier; %h stands for this machine, %p for the process, %r for something random, %u for the user name [default: the broker chooses one]'
            cand -I 'Client identifier that begins with this and ends with the number of the process'
            cand --id-prefix 'Client identifier that begins with this and ends with the number of the process'
            cand -h 'Host name or address of the broker; of several the next is tried when one fails (repeatable) [default: localhost]'
            cand --host 'Host name or address of the broker; of several the next is tried when one fails (repeatable) [default: localhost]'
            cand -p 'Port of the broker [default: 1883, with TLS 8883]; 8883 means TLS'
            cand --port 'Port of the broker [default: 1883, with TLS 8883]; 8883 means TLS'
            cand -b 'Broker as a URL: mqtt[s]://[USER[:PASSWORD]@]HOST[:PORT][/TOPIC], ws[s]://...[/PATH] or unix:///PATH (repeatable, as -h); or the name of a profile'
            cand --broker 'Broker as a URL: mqtt[s]://[USER[:PASSWORD]@]HOST[:PORT][/TOPIC], ws[s]://...[/PATH] or unix:///PATH (repeatable, as -h); or the name of a profile'
            cand --unix 'Unix socket of the broker'
            cand --ws-path 'Path of the broker for WebSocket [default: /mqtt]'
            cand --ws-header 'Header of the WebSocket request, as in ''Authorization: Bearer x'' (repeatable)'
            cand --proxy 'Connect through this proxy: socks5h://, socks5://, http:// or https://[USER:PASSWORD@]HOST[:PORT], or none [default: ALL_PROXY, for wss HTTPS_PROXY before it and for ws http_proxy, unless NO_PROXY has the host]'
            cand -A 'Connect from this address of the machine'
            cand --bind 'Connect from this address of the machine'
            cand -u 'User name'
            cand --username 'User name'
            cand -P 'Password; on this machine everybody can see it, unlike with the next four'
            cand --password 'Password; on this machine everybody can see it, unlike with the next four'
            cand --password-file 'Take the password from this file'
            cand --password-env 'Take the password from this variable of the environment'
            cand --password-command 'Take the password from what this command of the shell prints'
            cand -k 'Seconds of silence after which a ping is sent; 0 for none'
            cand --keepalive 'Seconds of silence after which a ping is sent; 0 for none'
            cand -V 'Version of MQTT: 5, 3.1.1 or 3.1 [default: 5, and 3.1.1 if the broker refuses it]'
            cand --mqtt-version 'Version of MQTT: 5, 3.1.1 or 3.1 [default: 5, and 3.1.1 if the broker refuses it]'
            cand --connect-timeout 'Give up connecting after this time, as in 10, 500ms or 2m'
            cand --engine 'Whose implementation of MQTT speaks: native (that of mqx) or rumqttc'
            cand --jwt-key 'Sign a token with this private key (PEM) for a password, a new one for every connection'
            cand --jwt-alg 'How to sign it: RS256 or ES256 [default: as the key is made for]'
            cand --jwt-aud 'Whom it is for (aud; repeatable)'
            cand --jwt-sub 'Whom it is about (sub) [default: the user name]'
            cand --jwt-iss 'Whom it is from (iss)'
            cand --jwt-kid 'Name of the key (kid)'
            cand --jwt-claim 'Another claim, as in name=value; a value in JSON is taken as that (repeatable)'
            cand --jwt-ttl 'How long it counts, as in 600 or 1h'
            cand --tls 'Use TLS; trust the CA in this file, or without one those of the system'
            cand --cafile 'The same as --tls with a CA'
            cand --capath 'Use TLS and trust the CAs in the PEM files of this directory'
            cand --cert 'Use TLS and show this certificate to the broker (PEM)'
            cand --key 'The private key of that certificate (PEM, also encrypted PKCS#8)'
            cand --key-password 'Password of the private key; on this machine everybody can see it'
            cand --key-password-file 'Take the password of the private key from this file'
            cand --key-password-env 'Take the password of the private key from this variable of the environment'
            cand --sni 'Name to ask the broker for (SNI) and to check its certificate with, in place of the host'
            cand --tls-alpn 'Application protocol to offer (ALPN), as in mqtt or x-amzn-mqtt-ca (repeatable)'
            cand --tls-version 'Speak this version of TLS and no other: 1.2 or 1.3'
            cand --tls-keylog 'Append the secrets of TLS to this file, for Wireshark [default: that of SSLKEYLOGFILE]'
            cand --will-topic 'Topic of the message the broker publishes when the connection is lost'
            cand --will-payload 'Its payload [default: empty]'
            cand --will-file 'Its payload from this file'
            cand --will-qos 'Its quality of service: 0, 1 or 2'
            cand --will-delay-interval 'Publish it only after this time, as in 10 or 1m (MQTT 5)'
            cand --will-message-expiry-interval 'Time after which it is worth nothing (MQTT 5)'
            cand --will-content-type 'What its payload is, as in application/json (MQTT 5)'
            cand --will-payload-format-indicator 'Whether its payload is UTF-8 text (MQTT 5)'
            cand --will-response-topic 'Topic for an answer to it (MQTT 5)'
            cand --will-correlation-data 'What an answer is to repeat: text, hex:... or base64:... (MQTT 5)'
            cand --will-user-property 'User property of it, as in name=value (repeatable, MQTT 5)'
            cand -x 'Keep the session so long after the connection, as in 60, 1h or never (to end)'
            cand --session-expiry-interval 'Keep the session so long after the connection, as in 60, 1h or never (to end)'
            cand --receive-maximum 'QoS 1 and 2 messages the broker may send before they are answered'
            cand --maximum-packet-size 'Bytes of the largest packet the broker may send'
            cand --topic-alias-maximum 'Topic aliases the broker may use'
            cand --request-response-information 'Ask for the basis of response topics'
            cand --request-problem-information 'Ask for reasons in words [default: true]'
            cand --connect-user-property 'User property of CONNECT, as in name=value (repeatable)'
            cand --authentication-method 'Method of enhanced authentication: SCRAM-SHA-256 takes user and password and checks the broker too; of others only what CONNECT says can be given'
            cand --authentication-data 'Data of that method: text, hex:... or base64:...'
            cand --disconnect-session-expiry-interval 'Session expiry in DISCONNECT: from then on this holds'
            cand --disconnect-reason 'Reason in words in DISCONNECT'
            cand --disconnect-user-property 'User property of DISCONNECT, as in name=value (repeatable)'
            cand -D 'Set a property as with mosquitto: connect, publish, subscribe, disconnect or will, its name and its value; each has an option of its own here'
            cand --property 'Set a property as with mosquitto: connect, publish, subscribe, disconnect or will, its name and its value; each has an option of its own here'
            cand --config 'File with the profiles [default: ~/.config/mqx/config.toml]'
            cand -o 'Option file of mosquitto''s clients'
            cand --config-file 'Option file of mosquitto''s clients'
            cand --color 'Colour what is said on stderr: auto, always or never'
            cand --replace 'Put it in the place of one of the same name'
            cand -c 'Go on with the session of this client identifier, and keep it; without -x for ever'
            cand --disable-clean-session 'Go on with the session of this client identifier, and keep it; without -x for ever'
            cand --ws 'Speak MQTT over WebSocket'
            cand --ask-password 'Ask for the password at the terminal'
            cand -d 'Say on stderr which packets are sent and received'
            cand --debug 'Say on stderr which packets are sent and received'
            cand --insecure 'Use TLS and believe any certificate; for tests only'
            cand --no-tls 'Use no TLS, not even with port 8883'
            cand --will-retain 'Ask the broker to keep it for later subscribers'
            cand --help 'Print help'
        }
        &'mqx;profile;rm'= {
            cand --color 'Colour what is said on stderr: auto, always or never'
            cand --help 'Print help'
        }
        &'mqx;profile;import'= {
            cand --name 'Name of the profile, where the file has none [default: that of the file]'
            cand --color 'Colour what is said on stderr: auto, always or never'
            cand --replace 'Put them in the place of those of the same name'
            cand --help 'Print help'
        }
        &'mqx;profile;help'= {
            cand ls 'Name the profiles and their brokers'
            cand show 'Show what a profile says, but for its secrets'
            cand add 'Add a profile with options of the clients'
            cand rm 'Remove a profile'
            cand import 'Make profiles of what mosquitto''s clients, MQTTX or `HiveMQ`''s tool know'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'mqx;profile;help;ls'= {
        }
        &'mqx;profile;help;show'= {
        }
        &'mqx;profile;help;add'= {
        }
        &'mqx;profile;help;rm'= {
        }
        &'mqx;profile;help;import'= {
        }
        &'mqx;profile;help;help'= {
        }
        &'mqx;broker'= {
            cand -c 'File with options; what is typed and what the environment says come first'
            cand --config 'File with options; what is typed and what the environment says come first'
            cand -p 'Port for MQTT over TCP; 0 takes a free one, which the first line names. WebSocket is taken there too, and TLS if there is a certificate [default: 1883]'
            cand --port 'Port for MQTT over TCP; 0 takes a free one, which the first line names. WebSocket is taken there too, and TLS if there is a certificate [default: 1883]'
            cand --unix 'Unix socket to listen at; one left behind by a broker is replaced'
            cand --tls-port 'Port for MQTT over TLS; 0 takes a free one [default: 8883]'
            cand --ws-port 'Port for WebSocket only; 0 takes a free one'
            cand --http-port 'Port for HTTP only: /healthz, /metrics and /api/v1; 0 takes a free one. The port of MQTT serves them too'
            cand --bind 'Address to listen on; 0.0.0.0 lets other machines in [default: this machine only]'
            cand --bind-interface 'Network interface to listen on, such as eth0, with every address that it has unless --bind names one'
            cand --ws-path 'Path that WebSocket clients ask for; * is any'
            cand --ws-origin 'Origin of web pages that may connect, as `https://example.org` (repeatable); * is any [default: this machine]'
            cand --cert 'Server certificate with its chain (PEM); opens the TLS port. The file that SSLKEYLOGFILE names gets the secrets, for Wireshark'
            cand --key 'Private key of the server certificate (PEM)'
            cand --cafile 'CA that client certificates are checked against (PEM)'
            cand --tls-min-version 'Oldest version of TLS that is spoken: 1.2 or 1.3 [default: 1.2]'
            cand --crlfile 'Certificates that the CAs of --cafile have revoked (PEM); each of them needs a list in it that is not out of date'
            cand --crl 'Certificates that the CAs of --cafile have revoked (PEM); each of them needs a list in it that is not out of date'
            cand --password-file 'Users and their passwords, in the format of mosquitto'
            cand --jwt-key 'Key that JSON Web Tokens are signed with: a client with such a token for a password is let in until the token ends'
            cand --jwt-user-claim 'Claim of a token that must be the user name of the client'
            cand --jwt-audience 'Audience a token must be for (repeatable; one is enough)'
            cand --jwt-issuer 'Issuer a token must be from (repeatable; one is enough)'
            cand --accept-versions 'Versions of MQTT taken, with commas between: 5, 3.1.1 and 3.1 [default: all]'
            cand --auto-id-prefix 'What the identifiers begin with that the broker gives'
            cand --client-id-prefix 'Refuse clients whose identifier begins with something else'
            cand --mount-point 'What stands before every topic of the clients here, who never see it'
            cand --acl-file 'Who may read and write which topics, in the format of mosquitto'
            cand --acl-subscribe-check 'Refuse a subscription that the rules allow no message of'
            cand --max-qos 'Highest QoS taken and granted: 0, 1 or 2'
            cand --receive-maximum 'QoS 2 messages taken from a client at once, announced as Receive Maximum'
            cand --max-packet-size 'Bytes of the largest packet taken'
            cand --max-keepalive 'Seconds of silence a client of version 5 may ask for; more or 0 is answered with this Server Keep Alive [default: any]'
            cand --topic-alias-maximum 'Topic aliases taken from a client'
            cand --topic-aliases-sent 'Topic aliases given to a client that takes them; mosquitto''s `max_topic_alias_broker`'
            cand --response-information 'What Response Information begins with; the client identifier and a slash follow. Clients that ask for it use it for their response topics [default: none is given]'
            cand --max-inflight 'QoS 1 and 2 messages in flight to one client, if that takes as many'
            cand --max-queued 'Messages that wait for one client at most'
            cand --max-connections 'Clients connected at once [default: any number]'
            cand --max-publish-rate 'Messages a connection may publish in a second; one that is faster is not read for a while [default: any number]'
            cand --max-publish-bytes 'Bytes of messages a connection may publish in a second [default: any number]'
            cand --max-payload 'Bytes of the largest payload taken; a larger message is acknowledged and goes to nobody. A client is not told beforehand: --max-packet-size is announced [default: any]'
            cand --max-queued-bytes 'Bytes of messages that wait for one client at most'
            cand --max-output 'Bytes of output above which a client is slow'
            cand --slow-consumer 'What becomes of a client that is slow: it does not get the newest messages of QoS 0 or not the oldest that wait, or it is cut off'
            cand --max-subscriptions 'Filters one client may have subscribed [default: any number]'
            cand --max-topic-levels 'Levels of a topic or a filter'
            cand --max-session-expiry 'Seconds that a session outlives its connection at most; a client of version 5 is told [default: as long as it asks for]'
            cand --connect-timeout 'Seconds a new connection may take to send CONNECT'
            cand --store 'File that keeps sessions, subscriptions, retained, queued and in-flight messages and wills, or `redis://USER:PASSWORD@HOST:PORT/DB?prefix=mqx`, of which all but the host may be left out; it is made if it is missing [default: memory only]'
            cand --sync 'What the store promises, at Redis as far as its appendfsync does [default: always]'
            cand --sys-interval 'Seconds between the values of `$SYS/broker` while somebody is subscribed to them; 0 is never'
            cand --http-token-file 'File with what HTTP clients must show, as Authorization: Bearer TOKEN'
            cand --http-token 'The token itself, which others on this machine can then see'
            cand --exec 'Command to run as soon as the broker is ready; its end is the broker''s, and its exit code too'
            cand --log-level 'Least that is worth a line: error, warn, info, debug or trace'
            cand --log-format 'Look of a line: text or json'
            cand --log-file 'File that lines are appended to [default: stderr]'
            cand --trace 'Write every packet, decoded, to this file, or to stderr without one'
            cand --trace-format 'text, json (a line each) or pcapng, which Wireshark opens [default: by the file''s ending, else text]'
            cand --trace-client 'Clients whose packets are written; * stands for any text'
            cand --trace-topic 'Topic filter of what is written: messages, their acknowledgements and requests that name it'
            cand --trace-type 'Types of packets that are written: publish,puback,...'
            cand --trace-payload 'Bytes of each payload that are shown'
            cand --workers 'Threads that serve connections [default: one per core, 4 at most]'
            cand --color 'Colour what is said on stderr: auto, always or never'
            cand --check-config 'Read the configuration and every file it names, say what is wrong with it, and end'
            cand --proxy-protocol 'Every connection comes from a proxy that sends the PROXY header (version 1 or 2) first'
            cand --require-client-cert 'Refuse clients on the TLS port that show no certificate'
            cand --use-identity-as-username 'A client''s user name is the common name in its certificate'
            cand --use-subject-as-username 'A client''s user name is the whole subject of its certificate, written as CN=ann,O=Example'
            cand --require-tls 'Refuse clients on every port that do not speak TLS'
            cand --allow-anonymous 'Let clients without a user name in beside those of --password-file and --jwt-key'
            cand --no-anonymous 'Refuse clients without a user name; this is so with --password-file and --jwt-key, and without either nobody is let in'
            cand --no-empty-client-id 'Refuse clients that leave it to the broker to give them an identifier'
            cand --use-username-as-client-id 'The user name of a client is its identifier, whatever it calls itself; those without one are refused'
            cand --no-retain 'Retain no messages; a client that asks for it is cut off'
            cand --queue-qos0 'Keep messages of QoS 0 too for sessions that are offline'
            cand --sys-events 'Publish who comes, goes and subscribes to what, as EMQX does'
            cand -v 'As --log-level debug'
            cand --verbose 'As --log-level debug'
            cand --no-log-connections 'Leave out that clients come and go; those that are refused stay in'
            cand --help 'Print help'
            cand passwd 'Set or delete a user''s password in a file for --password-file'
            cand export 'Write what a store holds as JSON'
            cand import 'Put what `mqx broker export` has written into a store'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'mqx;broker;passwd'= {
            cand --hash 'How the password is hashed; mosquitto reads argon2id since 2.1 and scram-sha-256 never. With the last the client can authenticate without sending the password'
            cand --color 'Colour what is said on stderr: auto, always or never'
            cand --delete 'Remove the user'
            cand --help 'Print help'
        }
        &'mqx;broker;export'= {
            cand --store 'The store, as `mqx broker --store` names it; no broker may have it open'
            cand --color 'Colour what is said on stderr: auto, always or never'
            cand --help 'Print help'
        }
        &'mqx;broker;import'= {
            cand --store 'The store, as `mqx broker --store` names it; no broker may have it open'
            cand --color 'Colour what is said on stderr: auto, always or never'
            cand --force 'Replace what the store holds'
            cand --help 'Print help'
        }
        &'mqx;broker;help'= {
            cand passwd 'Set or delete a user''s password in a file for --password-file'
            cand export 'Write what a store holds as JSON'
            cand import 'Put what `mqx broker export` has written into a store'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'mqx;broker;help;passwd'= {
        }
        &'mqx;broker;help;export'= {
        }
        &'mqx;broker;help;import'= {
        }
        &'mqx;broker;help;help'= {
        }
        &'mqx;help'= {
            cand pub 'Publish messages'
            cand sub 'Subscribe to topics and print the messages'
            cand bench 'Measure a broker: put a load on it and see what becomes of it'
            cand certs 'Make certificates for testing'
            cand profile 'Keep what it takes to reach a broker under a name'
            cand broker 'Run a broker'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'mqx;help;pub'= {
        }
        &'mqx;help;sub'= {
        }
        &'mqx;help;bench'= {
        }
        &'mqx;help;certs'= {
            cand init 'Make a CA with a certificate for a broker and one for a client'
            cand ca 'Make a CA of your own'
            cand intermediate 'Make a CA below another, to keep the key of that one away'
            cand server 'Make a certificate for a broker'
            cand client 'Make certificates for clients'
            cand csr 'Make a request for a certificate, for another CA to sign'
            cand sign 'Sign requests for certificates'
            cand inspect 'Print what a certificate, request, revocation list or server says'
            cand verify 'Check whether a certificate would be believed, and why not'
            cand needs-renewal 'Fail if a certificate ends soon, for cron'
            cand renew 'Make certificates valid for longer'
            cand revoke 'Revoke certificates, and write the list for brokers'
            cand crl 'Write the list of revoked certificates again, before it ends'
            cand bundle 'Put a certificate and its key together for other programs and devices'
            cand bad 'Make certificates that clients and brokers have to refuse'
            cand install 'Make this system trust a CA'
            cand uninstall 'Make this system no longer trust a CA'
        }
        &'mqx;help;certs;init'= {
        }
        &'mqx;help;certs;ca'= {
        }
        &'mqx;help;certs;intermediate'= {
        }
        &'mqx;help;certs;server'= {
        }
        &'mqx;help;certs;client'= {
        }
        &'mqx;help;certs;csr'= {
        }
        &'mqx;help;certs;sign'= {
        }
        &'mqx;help;certs;inspect'= {
        }
        &'mqx;help;certs;verify'= {
        }
        &'mqx;help;certs;needs-renewal'= {
        }
        &'mqx;help;certs;renew'= {
        }
        &'mqx;help;certs;revoke'= {
        }
        &'mqx;help;certs;crl'= {
        }
        &'mqx;help;certs;bundle'= {
        }
        &'mqx;help;certs;bad'= {
        }
        &'mqx;help;certs;install'= {
        }
        &'mqx;help;certs;uninstall'= {
        }
        &'mqx;help;profile'= {
            cand ls 'Name the profiles and their brokers'
            cand show 'Show what a profile says, but for its secrets'
            cand add 'Add a profile with options of the clients'
            cand rm 'Remove a profile'
            cand import 'Make profiles of what mosquitto''s clients, MQTTX or `HiveMQ`''s tool know'
        }
        &'mqx;help;profile;ls'= {
        }
        &'mqx;help;profile;show'= {
        }
        &'mqx;help;profile;add'= {
        }
        &'mqx;help;profile;rm'= {
        }
        &'mqx;help;profile;import'= {
        }
        &'mqx;help;broker'= {
            cand passwd 'Set or delete a user''s password in a file for --password-file'
            cand export 'Write what a store holds as JSON'
            cand import 'Put what `mqx broker export` has written into a store'
        }
        &'mqx;help;broker;passwd'= {
        }
        &'mqx;help;broker;export'= {
        }
        &'mqx;help;broker;import'= {
        }
        &'mqx;help;help'= {
        }
    ]
    $completions[$command]
}
