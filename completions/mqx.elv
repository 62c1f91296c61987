
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
            cand broker 'Run a broker'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'mqx;pub'= {
            cand -t 'Topic to publish to'
            cand --topic 'Topic to publish to'
            cand -m 'Publish this text'
            cand --message 'Publish this text'
            cand -f 'Publish the content of this file; - is stdin'
            cand --file 'Publish the content of this file; - is stdin'
            cand -q 'Quality of service: 0, 1 or 2'
            cand --qos 'Quality of service: 0, 1 or 2'
            cand -i 'Client identifier [default: the broker chooses one]'
            cand --id 'Client identifier [default: the broker chooses one]'
            cand -h 'Host name or address of the broker; of several the next is tried when one fails (repeatable) [default: localhost]'
            cand --host 'Host name or address of the broker; of several the next is tried when one fails (repeatable) [default: localhost]'
            cand -p 'Port of the broker [default: 1883, with TLS 8883]; 8883 means TLS'
            cand --port 'Port of the broker [default: 1883, with TLS 8883]; 8883 means TLS'
            cand --unix 'Unix socket of the broker'
            cand -u 'User name'
            cand --username 'User name'
            cand -P 'Password'
            cand --password 'Password'
            cand -k 'Seconds of silence after which a ping is sent; 0 for none'
            cand --keepalive 'Seconds of silence after which a ping is sent; 0 for none'
            cand -V 'Version of MQTT: 5, 3.1.1 or 3.1 [default: 5, and 3.1.1 if the broker refuses it]'
            cand --mqtt-version 'Version of MQTT: 5, 3.1.1 or 3.1 [default: 5, and 3.1.1 if the broker refuses it]'
            cand --connect-timeout 'Give up connecting after this time, as in 10, 500ms or 2m'
            cand --engine 'Whose implementation of MQTT speaks: native (that of mqx) or rumqttc'
            cand --tls 'Use TLS; trust the CA in this file, or without one those of the system'
            cand --cafile 'The same as --tls with a CA'
            cand --cert 'Use TLS and show this certificate to the broker (PEM)'
            cand --key 'The private key of that certificate (PEM)'
            cand -b 'Broker as a URL: mqtt[s]://[USER[:PASSWORD]@]HOST[:PORT][/TOPIC] or unix:///PATH (repeatable, as -h)'
            cand -L 'Broker as a URL: mqtt[s]://[USER[:PASSWORD]@]HOST[:PORT][/TOPIC] or unix:///PATH (repeatable, as -h)'
            cand --broker 'Broker as a URL: mqtt[s]://[USER[:PASSWORD]@]HOST[:PORT][/TOPIC] or unix:///PATH (repeatable, as -h)'
            cand --color 'Colour what is said on stderr: auto, always or never'
            cand -s 'Publish all of stdin as one message'
            cand --stdin-file 'Publish all of stdin as one message'
            cand -l 'Publish each line of stdin as a message'
            cand --stdin-line 'Publish each line of stdin as a message'
            cand -n 'Publish an empty message; with -r it removes the retained one'
            cand --null-message 'Publish an empty message; with -r it removes the retained one'
            cand -r 'Ask the broker to keep the message for later subscribers'
            cand --retain 'Ask the broker to keep the message for later subscribers'
            cand -d 'Say on stderr which packets are sent and received'
            cand --debug 'Say on stderr which packets are sent and received'
            cand --insecure 'Use TLS and believe any certificate; for tests only'
            cand --no-tls 'Use no TLS, not even with port 8883'
            cand --help 'Print help'
        }
        &'mqx;sub'= {
            cand -t 'Topic filter to subscribe to (repeatable)'
            cand --topic 'Topic filter to subscribe to (repeatable)'
            cand -T 'Leave out messages whose topic matches this filter (repeatable)'
            cand --filter-out 'Leave out messages whose topic matches this filter (repeatable)'
            cand -q 'Highest quality of service wanted: 0, 1 or 2'
            cand --qos 'Highest quality of service wanted: 0, 1 or 2'
            cand -C 'End after this many messages'
            cand --count 'End after this many messages'
            cand -W 'End after this time, as in 10, 500ms or 2m, with exit code 27'
            cand --timeout 'End after this time, as in 10, 500ms or 2m, with exit code 27'
            cand -F 'Print each message in this format, the one of mosquitto: %t topic, %p payload, %x payload in hex, %q QoS, %r retained, %j JSON, %I time ...'
            cand --format 'Print each message in this format, the one of mosquitto: %t topic, %p payload, %x payload in hex, %q QoS, %r retained, %j JSON, %I time ...'
            cand -i 'Client identifier [default: the broker chooses one]'
            cand --id 'Client identifier [default: the broker chooses one]'
            cand -h 'Host name or address of the broker; of several the next is tried when one fails (repeatable) [default: localhost]'
            cand --host 'Host name or address of the broker; of several the next is tried when one fails (repeatable) [default: localhost]'
            cand -p 'Port of the broker [default: 1883, with TLS 8883]; 8883 means TLS'
            cand --port 'Port of the broker [default: 1883, with TLS 8883]; 8883 means TLS'
            cand --unix 'Unix socket of the broker'
            cand -u 'User name'
            cand --username 'User name'
            cand -P 'Password'
            cand --password 'Password'
            cand -k 'Seconds of silence after which a ping is sent; 0 for none'
            cand --keepalive 'Seconds of silence after which a ping is sent; 0 for none'
            cand -V 'Version of MQTT: 5, 3.1.1 or 3.1 [default: 5, and 3.1.1 if the broker refuses it]'
            cand --mqtt-version 'Version of MQTT: 5, 3.1.1 or 3.1 [default: 5, and 3.1.1 if the broker refuses it]'
            cand --connect-timeout 'Give up connecting after this time, as in 10, 500ms or 2m'
            cand --engine 'Whose implementation of MQTT speaks: native (that of mqx) or rumqttc'
            cand --tls 'Use TLS; trust the CA in this file, or without one those of the system'
            cand --cafile 'The same as --tls with a CA'
            cand --cert 'Use TLS and show this certificate to the broker (PEM)'
            cand --key 'The private key of that certificate (PEM)'
            cand -b 'Broker as a URL: mqtt[s]://[USER[:PASSWORD]@]HOST[:PORT][/TOPIC] or unix:///PATH (repeatable, as -h)'
            cand -L 'Broker as a URL: mqtt[s]://[USER[:PASSWORD]@]HOST[:PORT][/TOPIC] or unix:///PATH (repeatable, as -h)'
            cand --broker 'Broker as a URL: mqtt[s]://[USER[:PASSWORD]@]HOST[:PORT][/TOPIC] or unix:///PATH (repeatable, as -h)'
            cand --color 'Colour what is said on stderr: auto, always or never'
            cand -E 'End as soon as the broker has answered the subscription'
            cand --exit-after-sub 'End as soon as the broker has answered the subscription'
            cand -R 'Leave out retained messages'
            cand --no-retained 'Leave out retained messages'
            cand --retained-only 'Print retained messages only and end at the first that is not'
            cand --no-local 'Leave out what this client published itself (MQTT 5)'
            cand --retain-as-published 'Show whether a message was published to be retained (MQTT 5)'
            cand -v 'Print the topic before the payload'
            cand --verbose 'Print the topic before the payload'
            cand -J 'Print each message as one line of JSON'
            cand --json 'Print each message as one line of JSON'
            cand -N 'Print no line feed behind each message'
            cand -d 'Say on stderr which packets are sent and received'
            cand --debug 'Say on stderr which packets are sent and received'
            cand --insecure 'Use TLS and believe any certificate; for tests only'
            cand --no-tls 'Use no TLS, not even with port 8883'
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
            cand -b 'Broker as a URL: mqtt[s]://[USER[:PASSWORD]@]HOST[:PORT][/TOPIC] or unix:///PATH (repeatable, as -h)'
            cand --broker 'Broker as a URL: mqtt[s]://[USER[:PASSWORD]@]HOST[:PORT][/TOPIC] or unix:///PATH (repeatable, as -h)'
            cand --unix 'Unix socket of the broker'
            cand -u 'User name'
            cand --username 'User name'
            cand -P 'Password'
            cand --password 'Password'
            cand -k 'Seconds of silence after which a ping is sent; 0 for none'
            cand --keepalive 'Seconds of silence after which a ping is sent; 0 for none'
            cand -V 'Version of MQTT: 5, 3.1.1 or 3.1 [default: 5, and 3.1.1 if the broker refuses it]'
            cand --mqtt-version 'Version of MQTT: 5, 3.1.1 or 3.1 [default: 5, and 3.1.1 if the broker refuses it]'
            cand --connect-timeout 'Give up connecting after this time, as in 10, 500ms or 2m'
            cand --engine 'Whose implementation of MQTT speaks: native (that of mqx) or rumqttc'
            cand --tls 'Use TLS; trust the CA in this file, or without one those of the system'
            cand --cafile 'The same as --tls with a CA'
            cand --cert 'Use TLS and show this certificate to the broker (PEM)'
            cand --key 'The private key of that certificate (PEM)'
            cand --color 'Colour what is said on stderr: auto, always or never'
            cand --json 'Print the report as one JSON object'
            cand --embedded 'Start a broker inside this process, on a free port, and measure that'
            cand -d 'Say on stderr which packets are sent and received'
            cand --debug 'Say on stderr which packets are sent and received'
            cand --insecure 'Use TLS and believe any certificate; for tests only'
            cand --no-tls 'Use no TLS, not even with port 8883'
            cand --help 'Print help'
        }
        &'mqx;certs'= {
            cand --color 'Colour what is said on stderr: auto, always or never'
            cand --help 'Print help'
            cand init 'Make a CA with a certificate for a broker and one for a client'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'mqx;certs;init'= {
            cand --dir 'Write the files here; the directory is made if it is missing'
            cand --host 'Make the server certificate for this host name or IP address as well (repeatable; *.example.org stands for every host of example.org)'
            cand --client-name 'The common name of the client certificate'
            cand --days 'How many days the server and the client certificate are valid'
            cand --color 'Colour what is said on stderr: auto, always or never'
            cand --force 'Replace files that exist'
            cand --help 'Print help'
        }
        &'mqx;certs;help'= {
            cand init 'Make a CA with a certificate for a broker and one for a client'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'mqx;certs;help;init'= {
        }
        &'mqx;certs;help;help'= {
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
            cand --ws-path 'Path that WebSocket clients ask for'
            cand --ws-origin 'Origin of web pages that may connect, as `https://example.org` (repeatable); * is any [default: this machine]'
            cand --cert 'Server certificate with its chain (PEM); opens the TLS port. The file that SSLKEYLOGFILE names gets the secrets, for Wireshark'
            cand --key 'Private key of the server certificate (PEM)'
            cand --cafile 'CA that client certificates are checked against (PEM)'
            cand --crlfile 'Certificates that the CAs of --cafile have revoked (PEM); each of them needs a list in it that is not out of date'
            cand --password-file 'Users and their passwords, in the format of mosquitto'
            cand --jwt-key 'Key that JSON Web Tokens are signed with: a client with such a token for a password is let in until the token ends'
            cand --jwt-user-claim 'Claim of a token that must be the user name of the client'
            cand --jwt-audience 'Audience a token must be for (repeatable; one is enough)'
            cand --jwt-issuer 'Issuer a token must be from (repeatable; one is enough)'
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
            cand --max-queued-bytes 'Bytes of messages that wait for one client at most'
            cand --max-subscriptions 'Filters one client may have subscribed [default: any number]'
            cand --max-topic-levels 'Levels of a topic or a filter'
            cand --max-session-expiry 'Seconds that a session outlives its connection at most; a client of version 5 is told [default: as long as it asks for]'
            cand --connect-timeout 'Seconds a new connection may take to send CONNECT'
            cand --store 'File that keeps sessions, subscriptions, retained, queued and in-flight messages and wills; it is made if it is missing [default: memory only]'
            cand --sync 'What the store promises'
            cand --sys-interval 'Seconds between the values of `$SYS/broker` while somebody is subscribed to them; 0 is never'
            cand --http-token-file 'File with what HTTP clients must show, as Authorization: Bearer TOKEN'
            cand --http-token 'The token itself, which others on this machine can then see'
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
            cand --no-retain 'Retain no messages; a client that asks for it is cut off'
            cand -v 'As --log-level debug'
            cand --verbose 'As --log-level debug'
            cand --help 'Print help'
            cand passwd 'Set or delete a user''s password in a file for --password-file'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'mqx;broker;passwd'= {
            cand --hash 'How the password is hashed; mosquitto reads argon2id since 2.1 and scram-sha-256 never. With the last the client can authenticate without sending the password'
            cand --color 'Colour what is said on stderr: auto, always or never'
            cand --delete 'Remove the user'
            cand --help 'Print help'
        }
        &'mqx;broker;help'= {
            cand passwd 'Set or delete a user''s password in a file for --password-file'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'mqx;broker;help;passwd'= {
        }
        &'mqx;broker;help;help'= {
        }
        &'mqx;help'= {
            cand pub 'Publish messages'
            cand sub 'Subscribe to topics and print the messages'
            cand bench 'Measure a broker: put a load on it and see what becomes of it'
            cand certs 'Make certificates for testing'
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
        }
        &'mqx;help;certs;init'= {
        }
        &'mqx;help;broker'= {
            cand passwd 'Set or delete a user''s password in a file for --password-file'
        }
        &'mqx;help;broker;passwd'= {
        }
        &'mqx;help;help'= {
        }
    ]
    $completions[$command]
}
