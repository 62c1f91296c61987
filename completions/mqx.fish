# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_mqx_global_optspecs
    string join \n color= json-errors version help
end

function __fish_mqx_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_mqx_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_mqx_using_subcommand
    set -l cmd (__fish_mqx_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c mqx -n "__fish_mqx_needs_command" -l color -d 'Colour what is said on stderr: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mqx -n "__fish_mqx_needs_command" -l json-errors -d 'Report the failure that ends the command as JSON on stderr'
complete -c mqx -n "__fish_mqx_needs_command" -l version -d 'Print the version of mqx'
complete -c mqx -n "__fish_mqx_needs_command" -l help -d 'Print help'
complete -c mqx -n "__fish_mqx_needs_command" -f -a "pub" -d 'Publish messages'
complete -c mqx -n "__fish_mqx_needs_command" -f -a "sub" -d 'Subscribe to topics and print the messages'
complete -c mqx -n "__fish_mqx_needs_command" -f -a "rr" -d 'Ask somebody behind the broker and print the answers, or answer'
complete -c mqx -n "__fish_mqx_needs_command" -f -a "bench" -d 'Measure a broker: put a load on it and see what becomes of it'
complete -c mqx -n "__fish_mqx_needs_command" -f -a "doctor" -d 'Examine step by step whether a broker can be reached and used, and why not'
complete -c mqx -n "__fish_mqx_needs_command" -f -a "ping" -d 'Check in one line whether a broker answers, for health checks'
complete -c mqx -n "__fish_mqx_needs_command" -f -a "test" -d 'Probe what a broker supports and how it behaves, or in what two differ'
complete -c mqx -n "__fish_mqx_needs_command" -f -a "certs" -d 'Make certificates for testing'
complete -c mqx -n "__fish_mqx_needs_command" -f -a "profile" -d 'Keep what it takes to reach a broker under a name'
complete -c mqx -n "__fish_mqx_needs_command" -f -a "broker" -d 'Run a broker'
complete -c mqx -n "__fish_mqx_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mqx -n "__fish_mqx_using_subcommand pub" -s t -l topic -d 'Topic to publish to (repeatable)' -r
complete -c mqx -n "__fish_mqx_using_subcommand pub" -s m -l message -d 'Publish this text' -r
complete -c mqx -n "__fish_mqx_using_subcommand pub" -s f -l file -d 'Publish the content of this file; - is stdin' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l random -d 'Publish so many random bytes, as in 64, 4k or 1MB' -r
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l encode -d 'What the payload is written in or is to become: json (which is checked), hex, base64, cbor or msgpack (from JSON)' -r -f -a "json\t''
hex\t''
base64\t''
cbor\t''
msgpack\t''"
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l delimiter -d 'Byte that ends a message of -l in place of the line feed: a character, \\t, \\0 or hex:1e' -r
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l batch -d 'Gather the messages of stdin and publish an array of JSON in every such time, and before it has more than so many bytes, as in 1s or 1s,64KB [default: 1MB], or than the broker takes' -r
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l on-error -d 'What to do about a message of stdin that is not what it should be: stop, or skip it and fail in the end' -r -f -a "stop\t''
skip\t''"
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l replay -d 'Publish what sub --record or sub -J has written into this file, in its time; a name that ends in .zst is of a compressed file' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l speed -d 'Replay so many times faster, or as fast as it goes: 10, 0.5 or max [default: 1]' -r
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l map -d 'Other names for topics, as in s#old#new#, s#^old#new# at the start only, or with a g behind for all (repeatable; also with --ndjson)' -r
complete -c mqx -n "__fish_mqx_using_subcommand pub" -s q -l qos -d 'Quality of service: 0, 1 or 2' -r
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l repeat -d 'Publish the message so often' -r
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l repeat-delay -d 'Time from the delivery of a message to the next one, as in 2, 500ms or 1m' -r
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l rate -d 'Messages in a second at most, as in 100 or 0.5; or 90/m in a minute' -r
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l buffer -d 'Messages with QoS 0 that wait while there is no connection; of more the oldest are lost, and counted' -r
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l on-disconnect -d 'While there is no connection: buffer QoS 0, wait with reading, fail if QoS 0 may be lost, or drop it without a failure [default: wait where the input is a file, else buffer]' -r -f -a "buffer\t''
wait\t''
fail\t''
drop\t''"
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l store -d 'Keep messages in this directory until the broker has answered, so that a publisher that was killed goes on where it stopped; or at a Redis server, `redis://USER:PASSWORD@HOST:PORT/DB?prefix=mqx`, of which all but the host may be left out' -r
complete -c mqx -n "__fish_mqx_using_subcommand pub" -s M -l max-inflight -d 'Messages with QoS 1 and 2 that are in flight at once, at most [default: 1024 or as many as the broker takes; 20 before MQTT 5, in which it cannot say]' -r
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l topic-alias -d 'Use so many topic aliases, or auto for as many as the broker takes: a topic is then spelled out once for each connection (MQTT 5)' -r
complete -c mqx -n "__fish_mqx_using_subcommand pub" -s e -l message-expiry-interval -d 'Time after which the message is worth nothing, as in 60 or 1h' -r
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l content-type -d 'What the payload is, as in application/json' -r
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l payload-format-indicator -d 'Whether the payload is UTF-8 text' -r
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l user-property -d 'User property, as in name=value (repeatable)' -r
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l response-topic -d 'Topic for an answer' -r
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l correlation-data -d 'What an answer is to repeat: text, hex:... or base64:...' -r
complete -c mqx -n "__fish_mqx_using_subcommand pub" -s i -l id -d 'Client identifier; %h stands for this machine, %p for the process, %r for something random, %u for the user name [default: the broker chooses one]' -r
complete -c mqx -n "__fish_mqx_using_subcommand pub" -s I -l id-prefix -d 'Client identifier that begins with this and ends with the number of the process' -r
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l retry -d 'Try a connection again so often in a row, or forever [default: the first once, a lost one forever]' -r
complete -c mqx -n "__fish_mqx_using_subcommand pub" -s h -l host -d 'Host name or address of the broker; of several the next is tried when one fails (repeatable) [default: localhost]' -r
complete -c mqx -n "__fish_mqx_using_subcommand pub" -s p -l port -d 'Port of the broker [default: 1883, with TLS 8883]; 8883 means TLS' -r
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l unix -d 'Unix socket of the broker' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l ws-path -d 'Path of the broker for WebSocket [default: /mqtt]' -r
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l ws-header -d 'Header of the WebSocket request, as in \'Authorization: Bearer x\' (repeatable)' -r
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l proxy -d 'Connect through this proxy: socks5h://, socks5://, http:// or https://[USER:PASSWORD@]HOST[:PORT], or none [default: ALL_PROXY, for wss HTTPS_PROXY before it and for ws http_proxy, unless NO_PROXY has the host]' -r
complete -c mqx -n "__fish_mqx_using_subcommand pub" -s A -l bind -d 'Connect from this address of the machine' -r
complete -c mqx -n "__fish_mqx_using_subcommand pub" -s u -l username -d 'User name' -r
complete -c mqx -n "__fish_mqx_using_subcommand pub" -s P -l password -d 'Password; on this machine everybody can see it, unlike with the next four' -r
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l password-file -d 'Take the password from this file' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l password-env -d 'Take the password from this variable of the environment' -r
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l password-command -d 'Take the password from what this command of the shell prints' -r
complete -c mqx -n "__fish_mqx_using_subcommand pub" -s k -l keepalive -d 'Seconds of silence after which a ping is sent; 0 for none' -r
complete -c mqx -n "__fish_mqx_using_subcommand pub" -s V -l mqtt-version -d 'Version of MQTT: 5, 3.1.1 or 3.1 [default: 5, and 3.1.1 if the broker refuses it]' -r
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l connect-timeout -d 'Give up connecting after this time, as in 10, 500ms or 2m' -r
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l engine -d 'Whose implementation of MQTT speaks: native (that of mqx) or rumqttc, which cannot speak MQTT 3.1 (-V), cannot send a password that is not text (-P), cannot send an empty user name or password (-u, -P), cannot resolve topic aliases (--topic-alias-maximum), cannot set up topic aliases (--topic-alias), cannot write AUTH (--authentication-method SCRAM-SHA-256), cannot leave messages unacknowledged (--exec with -q 1 or 2, bridges), cannot serve a bridge, cannot send properties in DISCONNECT (--disconnect-...)' -r -f -a "native\t''
rumqttc\t''"
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l jwt-key -d 'Sign a token with this private key (PEM) for a password, a new one for every connection' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l jwt-alg -d 'How to sign it: RS256 or ES256 [default: as the key is made for]' -r
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l jwt-aud -d 'Whom it is for (aud; repeatable)' -r
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l jwt-sub -d 'Whom it is about (sub) [default: the user name]' -r
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l jwt-iss -d 'Whom it is from (iss)' -r
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l jwt-kid -d 'Name of the key (kid)' -r
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l jwt-claim -d 'Another claim, as in name=value; a value in JSON is taken as that (repeatable)' -r
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l jwt-ttl -d 'How long it counts, as in 600 or 1h' -r
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l tls -d 'Use TLS; trust the CA in this file, or without one those of the system' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l cafile -d 'The same as --tls with a CA' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l capath -d 'Use TLS and trust the CAs in the PEM files of this directory' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l cert -d 'Use TLS and show this certificate to the broker (PEM)' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l key -d 'The private key of that certificate (PEM, also encrypted PKCS#8)' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l p12 -d 'Use TLS and show the certificate in this PKCS#12 file, which has its key too' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l key-password -d 'Password of the private key, or of the PKCS#12 file; on this machine everybody can see it' -r
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l key-password-file -d 'Take the password of the private key from this file' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l key-password-env -d 'Take the password of the private key from this variable of the environment' -r
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l sni -d 'Name to ask the broker for (SNI) and to check its certificate with, in place of the host' -r
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l tls-alpn -d 'Application protocol to offer (ALPN), as in mqtt or x-amzn-mqtt-ca (repeatable)' -r
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l tls-version -d 'Speak this version of TLS and no other: 1.2 or 1.3' -r
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l ciphers -d 'Offer these cipher suites and no others, by their names of IANA or OpenSSL with colons between them; what is not known is told' -r
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l tls-keylog -d 'Append the secrets of TLS to this file, for Wireshark [default: that of SSLKEYLOGFILE]' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l will-topic -d 'Topic of the message the broker publishes when the connection is lost' -r
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l will-payload -d 'Its payload [default: empty]' -r
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l will-file -d 'Its payload from this file' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l will-qos -d 'Its quality of service: 0, 1 or 2' -r
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l will-delay-interval -d 'Publish it only after this time, as in 10 or 1m (MQTT 5)' -r
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l will-message-expiry-interval -d 'Time after which it is worth nothing (MQTT 5)' -r
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l will-content-type -d 'What its payload is, as in application/json (MQTT 5)' -r
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l will-payload-format-indicator -d 'Whether its payload is UTF-8 text (MQTT 5)' -r
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l will-response-topic -d 'Topic for an answer to it (MQTT 5)' -r
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l will-correlation-data -d 'What an answer is to repeat: text, hex:... or base64:... (MQTT 5)' -r
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l will-user-property -d 'User property of it, as in name=value (repeatable, MQTT 5)' -r
complete -c mqx -n "__fish_mqx_using_subcommand pub" -s x -l session-expiry-interval -d 'Keep the session so long after the connection, as in 60, 1h or never (to end)' -r
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l receive-maximum -d 'QoS 1 and 2 messages the broker may send before they are answered' -r
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l maximum-packet-size -d 'Bytes of the largest packet the broker may send' -r
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l topic-alias-maximum -d 'Topic aliases the broker may use' -r
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l request-response-information -d 'Ask for the basis of response topics' -r
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l request-problem-information -d 'Ask for reasons in words [default: true]' -r
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l connect-user-property -d 'User property of CONNECT, as in name=value (repeatable)' -r
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l authentication-method -d 'Method of enhanced authentication: SCRAM-SHA-256 takes user and password and checks the broker too; of others only what CONNECT says can be given' -r
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l authentication-data -d 'Data of that method: text, hex:... or base64:...' -r
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l disconnect-session-expiry-interval -d 'Session expiry in DISCONNECT: from then on this holds' -r
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l disconnect-reason -d 'Reason in words in DISCONNECT' -r
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l disconnect-user-property -d 'User property of DISCONNECT, as in name=value (repeatable)' -r
complete -c mqx -n "__fish_mqx_using_subcommand pub" -s D -l property -d 'Set a property as with mosquitto: connect, publish, subscribe, unsubscribe, disconnect or will, its name and its value; each has an option of its own here' -r
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l config -d 'File with the profiles [default: ~/.config/mqx/config.toml]' -r
complete -c mqx -n "__fish_mqx_using_subcommand pub" -s o -l config-file -d 'Option file of mosquitto\'s clients' -r
complete -c mqx -n "__fish_mqx_using_subcommand pub" -s b -s L -l broker -d 'Broker as a URL: mqtt[s]://[USER[:PASSWORD]@]HOST[:PORT][/TOPIC], ws[s]://...[/PATH] or unix:///PATH (repeatable, as -h); or the name of a profile' -r
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l color -d 'Colour what is said on stderr: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mqx -n "__fish_mqx_using_subcommand pub" -s s -l stdin-file -d 'Publish all of stdin as one message'
complete -c mqx -n "__fish_mqx_using_subcommand pub" -s n -l null-message -d 'Publish an empty message; with -r it removes the retained one'
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l template -d 'Fill in, in payload and topic: {{seq}}, {{now}}, {{unix}}, {{unix_ms}}, {{unix_us}}, {{unix_ns}}, {{uuid}}, {{rand 1 9}}, {{hex 8}}, {{pick a b}}'
complete -c mqx -n "__fish_mqx_using_subcommand pub" -s l -l stdin-line -d 'Publish each line of stdin as a message'
complete -c mqx -n "__fish_mqx_using_subcommand pub" -s 0 -l stdin-nul -d 'Publish what stands between NUL bytes in stdin, each as a message'
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l ndjson -d 'Publish messages that come as lines of JSON, as sub -J prints them: topic, payload or payload_b64, qos, retain, properties; the options say what a line does not'
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l loop -d 'Begin again at the end of the recording'
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l verify -d 'Subscribe to what is replayed and check that all of it comes back, byte for byte and in order; exit code 9 if not'
complete -c mqx -n "__fish_mqx_using_subcommand pub" -s r -l retain -d 'Ask the broker to keep the message for later subscribers'
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l fail-if-no-subscriber -d 'Fail when nobody is subscribed to a topic (QoS 1 and 2, MQTT 5, if the broker tells)'
complete -c mqx -n "__fish_mqx_using_subcommand pub" -s c -l disable-clean-session -d 'Go on with the session of this client identifier, and keep it; without -x for ever'
complete -c mqx -n "__fish_mqx_using_subcommand pub" -s S -l srv -d 'Ask the DNS for the brokers of the domain that -h names: the SRV records of _mqtt._tcp, with TLS of _secure-mqtt._tcp, which say the ports too. Of several the next is tried when one fails'
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l ws -d 'Speak MQTT over WebSocket'
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l ask-password -d 'Ask for the password at the terminal'
complete -c mqx -n "__fish_mqx_using_subcommand pub" -s d -l debug -d 'Say on stderr which packets are sent and received'
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l quiet -d 'Say nothing on stderr, not even why it fails: the exit code tells'
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l insecure -d 'Use TLS and believe any certificate; for tests only'
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l no-tls -d 'Use no TLS, not even with port 8883'
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l will-retain -d 'Ask the broker to keep it for later subscribers'
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l json-errors -d 'Report the failure that ends the command as JSON on stderr'
complete -c mqx -n "__fish_mqx_using_subcommand pub" -l help -d 'Print help'
complete -c mqx -n "__fish_mqx_using_subcommand sub" -s t -l topic -d 'Topic filter to subscribe to (repeatable); $share/GROUP/FILTER shares it' -r
complete -c mqx -n "__fish_mqx_using_subcommand sub" -s T -l filter-out -d 'Leave out messages whose topic matches this filter (repeatable)' -r
complete -c mqx -n "__fish_mqx_using_subcommand sub" -s U -l unsubscribe -d 'End this subscription of a kept session (repeatable, see -c)' -r
complete -c mqx -n "__fish_mqx_using_subcommand sub" -s q -l qos -d 'Highest quality of service wanted: 0, 1 or 2; one for all topics, or as many as there are topics [default: 0]' -r
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l retain-handling -d 'When a subscription brings the retained messages: always, new (if there was none like it) or never (MQTT 5)' -r -f -a "always\t''
new\t''
never\t''"
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l subscription-identifier -d 'Number that messages of this subscription will carry (MQTT 5)' -r
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l unsubscribe-user-property -d 'User property of UNSUBSCRIBE, as in name=value (repeatable, MQTT 5)' -r
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l random-filter -d 'Take only so many per cent of the messages, drawn at random; the others do not count' -r
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l user-property -d 'User property of SUBSCRIBE, as in name=value (repeatable, MQTT 5)' -r
complete -c mqx -n "__fish_mqx_using_subcommand sub" -s C -l count -d 'End after this many messages' -r
complete -c mqx -n "__fish_mqx_using_subcommand sub" -s M -l max-inflight -d 'Messages with QoS 1 and 2 that the broker may have under way at once (MQTT 5, as --receive-maximum)' -r
complete -c mqx -n "__fish_mqx_using_subcommand sub" -s W -l timeout -d 'End after this time, as in 10, 500ms or 2m, with exit code 27' -r
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l idle-timeout -d 'End when no message came for this time, with exit code 27' -r
complete -c mqx -n "__fish_mqx_using_subcommand sub" -s F -l format -d 'Print each message in this format, the one of mosquitto: %t topic, %p payload, %x payload in hex, %q QoS, %r retained, %j JSON, %I time ...; or with names, as in %{topic} %{user:key} %{json:.a.b} %{time:rfc3339ns} %{b64}' -r
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l record -d 'Record the messages in this file, to be played by pub --replay; compressed when its name ends in .zst. Nothing is printed unless -v, -F, -J or --select asks for it' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l out-dir -d 'Keep payloads in files in this folder, by topic: a/b is DIR/a/b. Nothing is printed unless -v, -F or -J asks for it' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l out-mode -d 'What becomes of the messages of a topic: overwrite (each takes the place of the one before), append (as lines) or number (each in a file, as in a/b.000001)' -r -f -a "overwrite\t''
append\t''
number\t''"
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l exec -d 'Run this command for each message, with the payload at its stdin and `MQTT_TOPIC`, `MQTT_QOS`, `MQTT_RETAIN`, `MQTT_PROPERTIES` and more in its environment. A message with QoS 1 or 2 is acknowledged when it succeeds. Nothing is printed unless -v, -F or -J asks for it' -r
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l exec-jobs -d 'So many of these commands run at once; if all do, nothing more is read' -r
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l on-exec-failure -d 'What becomes of a message with QoS 1 or 2 whose command fails: keep (it is not acknowledged, so that the broker has it for the next run with -c; when too many are kept it sends no more), reject (the broker is told so and forgets it, MQTT 5) or ack (it is acknowledged nevertheless). In any case it counts, and the exit code is 14 if nothing else ends the run with a failure' -r -f -a "keep\t''
reject\t''
ack\t''"
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l decode -d 'Decode payloads: json, hex, base64, cbor, msgpack, gzip, protobuf, avro, sparkplug, or auto for what the topic or the content type says; of some topics, as in FILTER=FORMAT (repeatable, the first that fits holds)' -r
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l proto -d 'Schema of Protocol Buffers: a .proto file, or a set of descriptors' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l proto-message -d 'Message in that schema' -r
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l avro-schema -d 'Schema of Avro' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l filter -d 'Leave out messages of which this expression of jq is not true; . is the payload, and there are $topic, $qos, $retain and $user' -r
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l select -d 'Print what this expression of jq makes of the payload' -r
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l expect -d 'End with the first message of which this expression of jq is true; exit code 9 if none comes' -r
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l within -d 'How long to wait for what is expected' -r
complete -c mqx -n "__fish_mqx_using_subcommand sub" -s i -l id -d 'Client identifier; %h stands for this machine, %p for the process, %r for something random, %u for the user name [default: the broker chooses one]' -r
complete -c mqx -n "__fish_mqx_using_subcommand sub" -s I -l id-prefix -d 'Client identifier that begins with this and ends with the number of the process' -r
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l retry -d 'Try a connection again so often in a row, or forever [default: the first once, a lost one forever]' -r
complete -c mqx -n "__fish_mqx_using_subcommand sub" -s h -l host -d 'Host name or address of the broker; of several the next is tried when one fails (repeatable) [default: localhost]' -r
complete -c mqx -n "__fish_mqx_using_subcommand sub" -s p -l port -d 'Port of the broker [default: 1883, with TLS 8883]; 8883 means TLS' -r
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l unix -d 'Unix socket of the broker' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l ws-path -d 'Path of the broker for WebSocket [default: /mqtt]' -r
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l ws-header -d 'Header of the WebSocket request, as in \'Authorization: Bearer x\' (repeatable)' -r
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l proxy -d 'Connect through this proxy: socks5h://, socks5://, http:// or https://[USER:PASSWORD@]HOST[:PORT], or none [default: ALL_PROXY, for wss HTTPS_PROXY before it and for ws http_proxy, unless NO_PROXY has the host]' -r
complete -c mqx -n "__fish_mqx_using_subcommand sub" -s A -l bind -d 'Connect from this address of the machine' -r
complete -c mqx -n "__fish_mqx_using_subcommand sub" -s u -l username -d 'User name' -r
complete -c mqx -n "__fish_mqx_using_subcommand sub" -s P -l password -d 'Password; on this machine everybody can see it, unlike with the next four' -r
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l password-file -d 'Take the password from this file' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l password-env -d 'Take the password from this variable of the environment' -r
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l password-command -d 'Take the password from what this command of the shell prints' -r
complete -c mqx -n "__fish_mqx_using_subcommand sub" -s k -l keepalive -d 'Seconds of silence after which a ping is sent; 0 for none' -r
complete -c mqx -n "__fish_mqx_using_subcommand sub" -s V -l mqtt-version -d 'Version of MQTT: 5, 3.1.1 or 3.1 [default: 5, and 3.1.1 if the broker refuses it]' -r
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l connect-timeout -d 'Give up connecting after this time, as in 10, 500ms or 2m' -r
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l engine -d 'Whose implementation of MQTT speaks: native (that of mqx) or rumqttc, which cannot speak MQTT 3.1 (-V), cannot send a password that is not text (-P), cannot send an empty user name or password (-u, -P), cannot resolve topic aliases (--topic-alias-maximum), cannot set up topic aliases (--topic-alias), cannot write AUTH (--authentication-method SCRAM-SHA-256), cannot leave messages unacknowledged (--exec with -q 1 or 2, bridges), cannot serve a bridge, cannot send properties in DISCONNECT (--disconnect-...)' -r -f -a "native\t''
rumqttc\t''"
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l jwt-key -d 'Sign a token with this private key (PEM) for a password, a new one for every connection' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l jwt-alg -d 'How to sign it: RS256 or ES256 [default: as the key is made for]' -r
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l jwt-aud -d 'Whom it is for (aud; repeatable)' -r
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l jwt-sub -d 'Whom it is about (sub) [default: the user name]' -r
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l jwt-iss -d 'Whom it is from (iss)' -r
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l jwt-kid -d 'Name of the key (kid)' -r
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l jwt-claim -d 'Another claim, as in name=value; a value in JSON is taken as that (repeatable)' -r
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l jwt-ttl -d 'How long it counts, as in 600 or 1h' -r
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l tls -d 'Use TLS; trust the CA in this file, or without one those of the system' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l cafile -d 'The same as --tls with a CA' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l capath -d 'Use TLS and trust the CAs in the PEM files of this directory' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l cert -d 'Use TLS and show this certificate to the broker (PEM)' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l key -d 'The private key of that certificate (PEM, also encrypted PKCS#8)' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l p12 -d 'Use TLS and show the certificate in this PKCS#12 file, which has its key too' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l key-password -d 'Password of the private key, or of the PKCS#12 file; on this machine everybody can see it' -r
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l key-password-file -d 'Take the password of the private key from this file' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l key-password-env -d 'Take the password of the private key from this variable of the environment' -r
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l sni -d 'Name to ask the broker for (SNI) and to check its certificate with, in place of the host' -r
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l tls-alpn -d 'Application protocol to offer (ALPN), as in mqtt or x-amzn-mqtt-ca (repeatable)' -r
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l tls-version -d 'Speak this version of TLS and no other: 1.2 or 1.3' -r
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l ciphers -d 'Offer these cipher suites and no others, by their names of IANA or OpenSSL with colons between them; what is not known is told' -r
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l tls-keylog -d 'Append the secrets of TLS to this file, for Wireshark [default: that of SSLKEYLOGFILE]' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l will-topic -d 'Topic of the message the broker publishes when the connection is lost' -r
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l will-payload -d 'Its payload [default: empty]' -r
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l will-file -d 'Its payload from this file' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l will-qos -d 'Its quality of service: 0, 1 or 2' -r
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l will-delay-interval -d 'Publish it only after this time, as in 10 or 1m (MQTT 5)' -r
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l will-message-expiry-interval -d 'Time after which it is worth nothing (MQTT 5)' -r
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l will-content-type -d 'What its payload is, as in application/json (MQTT 5)' -r
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l will-payload-format-indicator -d 'Whether its payload is UTF-8 text (MQTT 5)' -r
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l will-response-topic -d 'Topic for an answer to it (MQTT 5)' -r
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l will-correlation-data -d 'What an answer is to repeat: text, hex:... or base64:... (MQTT 5)' -r
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l will-user-property -d 'User property of it, as in name=value (repeatable, MQTT 5)' -r
complete -c mqx -n "__fish_mqx_using_subcommand sub" -s x -l session-expiry-interval -d 'Keep the session so long after the connection, as in 60, 1h or never (to end)' -r
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l receive-maximum -d 'QoS 1 and 2 messages the broker may send before they are answered' -r
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l maximum-packet-size -d 'Bytes of the largest packet the broker may send' -r
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l topic-alias-maximum -d 'Topic aliases the broker may use' -r
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l request-response-information -d 'Ask for the basis of response topics' -r
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l request-problem-information -d 'Ask for reasons in words [default: true]' -r
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l connect-user-property -d 'User property of CONNECT, as in name=value (repeatable)' -r
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l authentication-method -d 'Method of enhanced authentication: SCRAM-SHA-256 takes user and password and checks the broker too; of others only what CONNECT says can be given' -r
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l authentication-data -d 'Data of that method: text, hex:... or base64:...' -r
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l disconnect-session-expiry-interval -d 'Session expiry in DISCONNECT: from then on this holds' -r
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l disconnect-reason -d 'Reason in words in DISCONNECT' -r
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l disconnect-user-property -d 'User property of DISCONNECT, as in name=value (repeatable)' -r
complete -c mqx -n "__fish_mqx_using_subcommand sub" -s D -l property -d 'Set a property as with mosquitto: connect, publish, subscribe, unsubscribe, disconnect or will, its name and its value; each has an option of its own here' -r
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l config -d 'File with the profiles [default: ~/.config/mqx/config.toml]' -r
complete -c mqx -n "__fish_mqx_using_subcommand sub" -s o -l config-file -d 'Option file of mosquitto\'s clients' -r
complete -c mqx -n "__fish_mqx_using_subcommand sub" -s b -s L -l broker -d 'Broker as a URL: mqtt[s]://[USER[:PASSWORD]@]HOST[:PORT][/TOPIC], ws[s]://...[/PATH] or unix:///PATH (repeatable, as -h); or the name of a profile' -r
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l color -d 'Colour what is said on stderr: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mqx -n "__fish_mqx_using_subcommand sub" -s R -l no-retained -d 'Leave out retained messages'
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l retained-only -d 'Print retained messages only and end with the last, or at the first message that is not one'
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l remove-retained -d 'Print the retained messages, remove them from the broker, and end'
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l no-local -d 'Leave out what this client published itself (MQTT 5)'
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l retain-as-published -d 'Show whether a message was published to be retained (MQTT 5)'
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l count-left-out -d 'Let the messages that --random-filter leaves out count for -C all the same, as they do with `mosquitto_sub`'
complete -c mqx -n "__fish_mqx_using_subcommand sub" -s E -l exit-after-sub -d 'End as soon as the broker has answered the subscriptions'
complete -c mqx -n "__fish_mqx_using_subcommand sub" -s v -l verbose -d 'Print the topic before the payload'
complete -c mqx -n "__fish_mqx_using_subcommand sub" -s J -l json -d 'Print each message as one line of JSON'
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l pretty -d 'Print JSON (-J, %j, %J) in several lines'
complete -c mqx -n "__fish_mqx_using_subcommand sub" -s N -d 'Print no line feed behind each message'
complete -c mqx -n "__fish_mqx_using_subcommand sub" -s w -l watch -d 'Show a line for each topic: how many messages there were, how many come in a second, and the last. Where stdout is no terminal each message is a line, as with -v'
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l message-rate -d 'Say on stderr each second how many messages came. Nothing is printed unless -v, -F or -J asks for it'
complete -c mqx -n "__fish_mqx_using_subcommand sub" -s c -l disable-clean-session -d 'Go on with the session of this client identifier, and keep it; without -x for ever'
complete -c mqx -n "__fish_mqx_using_subcommand sub" -s S -l srv -d 'Ask the DNS for the brokers of the domain that -h names: the SRV records of _mqtt._tcp, with TLS of _secure-mqtt._tcp, which say the ports too. Of several the next is tried when one fails'
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l ws -d 'Speak MQTT over WebSocket'
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l ask-password -d 'Ask for the password at the terminal'
complete -c mqx -n "__fish_mqx_using_subcommand sub" -s d -l debug -d 'Say on stderr which packets are sent and received'
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l quiet -d 'Say nothing on stderr, not even why it fails: the exit code tells'
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l insecure -d 'Use TLS and believe any certificate; for tests only'
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l no-tls -d 'Use no TLS, not even with port 8883'
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l will-retain -d 'Ask the broker to keep it for later subscribers'
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l json-errors -d 'Report the failure that ends the command as JSON on stderr'
complete -c mqx -n "__fish_mqx_using_subcommand sub" -l help -d 'Print help'
complete -c mqx -n "__fish_mqx_using_subcommand rr" -s e -l response-topic -d 'Topic of the replies [default: in MQTT 5 one that no other run has, below what the broker says]; before MQTT 5 it is needed, and may be a filter. With --serve, where replies go to requests that do not say it' -r
complete -c mqx -n "__fish_mqx_using_subcommand rr" -s q -l qos -d 'Quality of service of the request and its replies: 0, 1 or 2; with --serve the highest' -r
complete -c mqx -n "__fish_mqx_using_subcommand rr" -s C -l count -d 'End after this many replies [default: 1], with -l to each request; with --serve after this many requests' -r
complete -c mqx -n "__fish_mqx_using_subcommand rr" -s W -l timeout -d 'End after this time, as in 10, 500ms or 2m, with exit code 27; with -l the time for each request, after which the next line is asked all the same' -r
complete -c mqx -n "__fish_mqx_using_subcommand rr" -s t -l topic -d 'Topic to publish the request to' -r
complete -c mqx -n "__fish_mqx_using_subcommand rr" -s m -l message -d 'Publish this text' -r
complete -c mqx -n "__fish_mqx_using_subcommand rr" -s f -l file -d 'Publish the content of this file; - is stdin' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l random -d 'Publish so many random bytes, as in 64, 4k or 1MB' -r
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l encode -d 'What the payload is written in or is to become: json (which is checked), hex, base64, cbor or msgpack (from JSON)' -r -f -a "json\t''
hex\t''
base64\t''
cbor\t''
msgpack\t''"
complete -c mqx -n "__fish_mqx_using_subcommand rr" -s F -l format -d 'Print each message in this format, the one of mosquitto: %t topic, %p payload, %x payload in hex, %q QoS, %r retained, %j JSON, %I time ...; or with names, as in %{topic} %{user:key} %{json:.a.b} %{time:rfc3339ns} %{b64}' -r
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l decode -d 'Decode payloads: json, hex, base64, cbor, msgpack, gzip, protobuf, avro, sparkplug, or auto for what the topic or the content type says; of some topics, as in FILTER=FORMAT (repeatable, the first that fits holds)' -r
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l proto -d 'Schema of Protocol Buffers: a .proto file, or a set of descriptors' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l proto-message -d 'Message in that schema' -r
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l avro-schema -d 'Schema of Avro' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l correlation-data -d 'What an answer is to repeat: text, hex:... or base64:...' -r
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l serve -d 'Answer the requests that come here (repeatable), until Ctrl-C or -C; $share/GROUP/FILTER shares them with others' -r
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l reply -d 'Answer with this text: % stands for something of the request, as in sub -F, and {{seq}}, {{now}}, {{uuid}} ... are filled in, as in pub --template' -r
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l exec -d 'Answer with what this command of the shell prints; its stdin is the payload of the request, and MQTT_TOPIC, MQTT_QOS, MQTT_PROPERTIES ... say the rest. Where it fails there is no reply, and exit code 14 in the end' -r
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l exec-jobs -d 'So many of these commands run at once' -r
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l content-type -d 'What the payload is, as in application/json' -r
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l payload-format-indicator -d 'Whether the payload is UTF-8 text' -r
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l user-property -d 'User property, as in name=value (repeatable)' -r
complete -c mqx -n "__fish_mqx_using_subcommand rr" -s i -l id -d 'Client identifier; %h stands for this machine, %p for the process, %r for something random, %u for the user name [default: the broker chooses one]' -r
complete -c mqx -n "__fish_mqx_using_subcommand rr" -s I -l id-prefix -d 'Client identifier that begins with this and ends with the number of the process' -r
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l retry -d 'Try a connection again so often in a row, or forever [default: the first once, a lost one forever]' -r
complete -c mqx -n "__fish_mqx_using_subcommand rr" -s h -l host -d 'Host name or address of the broker; of several the next is tried when one fails (repeatable) [default: localhost]' -r
complete -c mqx -n "__fish_mqx_using_subcommand rr" -s p -l port -d 'Port of the broker [default: 1883, with TLS 8883]; 8883 means TLS' -r
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l unix -d 'Unix socket of the broker' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l ws-path -d 'Path of the broker for WebSocket [default: /mqtt]' -r
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l ws-header -d 'Header of the WebSocket request, as in \'Authorization: Bearer x\' (repeatable)' -r
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l proxy -d 'Connect through this proxy: socks5h://, socks5://, http:// or https://[USER:PASSWORD@]HOST[:PORT], or none [default: ALL_PROXY, for wss HTTPS_PROXY before it and for ws http_proxy, unless NO_PROXY has the host]' -r
complete -c mqx -n "__fish_mqx_using_subcommand rr" -s A -l bind -d 'Connect from this address of the machine' -r
complete -c mqx -n "__fish_mqx_using_subcommand rr" -s u -l username -d 'User name' -r
complete -c mqx -n "__fish_mqx_using_subcommand rr" -s P -l password -d 'Password; on this machine everybody can see it, unlike with the next four' -r
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l password-file -d 'Take the password from this file' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l password-env -d 'Take the password from this variable of the environment' -r
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l password-command -d 'Take the password from what this command of the shell prints' -r
complete -c mqx -n "__fish_mqx_using_subcommand rr" -s k -l keepalive -d 'Seconds of silence after which a ping is sent; 0 for none' -r
complete -c mqx -n "__fish_mqx_using_subcommand rr" -s V -l mqtt-version -d 'Version of MQTT: 5, 3.1.1 or 3.1 [default: 5, and 3.1.1 if the broker refuses it]' -r
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l connect-timeout -d 'Give up connecting after this time, as in 10, 500ms or 2m' -r
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l engine -d 'Whose implementation of MQTT speaks: native (that of mqx) or rumqttc, which cannot speak MQTT 3.1 (-V), cannot send a password that is not text (-P), cannot send an empty user name or password (-u, -P), cannot resolve topic aliases (--topic-alias-maximum), cannot set up topic aliases (--topic-alias), cannot write AUTH (--authentication-method SCRAM-SHA-256), cannot leave messages unacknowledged (--exec with -q 1 or 2, bridges), cannot serve a bridge, cannot send properties in DISCONNECT (--disconnect-...)' -r -f -a "native\t''
rumqttc\t''"
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l jwt-key -d 'Sign a token with this private key (PEM) for a password, a new one for every connection' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l jwt-alg -d 'How to sign it: RS256 or ES256 [default: as the key is made for]' -r
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l jwt-aud -d 'Whom it is for (aud; repeatable)' -r
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l jwt-sub -d 'Whom it is about (sub) [default: the user name]' -r
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l jwt-iss -d 'Whom it is from (iss)' -r
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l jwt-kid -d 'Name of the key (kid)' -r
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l jwt-claim -d 'Another claim, as in name=value; a value in JSON is taken as that (repeatable)' -r
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l jwt-ttl -d 'How long it counts, as in 600 or 1h' -r
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l tls -d 'Use TLS; trust the CA in this file, or without one those of the system' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l cafile -d 'The same as --tls with a CA' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l capath -d 'Use TLS and trust the CAs in the PEM files of this directory' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l cert -d 'Use TLS and show this certificate to the broker (PEM)' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l key -d 'The private key of that certificate (PEM, also encrypted PKCS#8)' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l p12 -d 'Use TLS and show the certificate in this PKCS#12 file, which has its key too' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l key-password -d 'Password of the private key, or of the PKCS#12 file; on this machine everybody can see it' -r
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l key-password-file -d 'Take the password of the private key from this file' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l key-password-env -d 'Take the password of the private key from this variable of the environment' -r
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l sni -d 'Name to ask the broker for (SNI) and to check its certificate with, in place of the host' -r
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l tls-alpn -d 'Application protocol to offer (ALPN), as in mqtt or x-amzn-mqtt-ca (repeatable)' -r
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l tls-version -d 'Speak this version of TLS and no other: 1.2 or 1.3' -r
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l ciphers -d 'Offer these cipher suites and no others, by their names of IANA or OpenSSL with colons between them; what is not known is told' -r
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l tls-keylog -d 'Append the secrets of TLS to this file, for Wireshark [default: that of SSLKEYLOGFILE]' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l will-topic -d 'Topic of the message the broker publishes when the connection is lost' -r
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l will-payload -d 'Its payload [default: empty]' -r
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l will-file -d 'Its payload from this file' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l will-qos -d 'Its quality of service: 0, 1 or 2' -r
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l will-delay-interval -d 'Publish it only after this time, as in 10 or 1m (MQTT 5)' -r
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l will-message-expiry-interval -d 'Time after which it is worth nothing (MQTT 5)' -r
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l will-content-type -d 'What its payload is, as in application/json (MQTT 5)' -r
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l will-payload-format-indicator -d 'Whether its payload is UTF-8 text (MQTT 5)' -r
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l will-response-topic -d 'Topic for an answer to it (MQTT 5)' -r
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l will-correlation-data -d 'What an answer is to repeat: text, hex:... or base64:... (MQTT 5)' -r
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l will-user-property -d 'User property of it, as in name=value (repeatable, MQTT 5)' -r
complete -c mqx -n "__fish_mqx_using_subcommand rr" -s x -l session-expiry-interval -d 'Keep the session so long after the connection, as in 60, 1h or never (to end)' -r
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l receive-maximum -d 'QoS 1 and 2 messages the broker may send before they are answered' -r
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l maximum-packet-size -d 'Bytes of the largest packet the broker may send' -r
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l topic-alias-maximum -d 'Topic aliases the broker may use' -r
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l request-response-information -d 'Ask for the basis of response topics' -r
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l request-problem-information -d 'Ask for reasons in words [default: true]' -r
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l connect-user-property -d 'User property of CONNECT, as in name=value (repeatable)' -r
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l authentication-method -d 'Method of enhanced authentication: SCRAM-SHA-256 takes user and password and checks the broker too; of others only what CONNECT says can be given' -r
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l authentication-data -d 'Data of that method: text, hex:... or base64:...' -r
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l disconnect-session-expiry-interval -d 'Session expiry in DISCONNECT: from then on this holds' -r
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l disconnect-reason -d 'Reason in words in DISCONNECT' -r
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l disconnect-user-property -d 'User property of DISCONNECT, as in name=value (repeatable)' -r
complete -c mqx -n "__fish_mqx_using_subcommand rr" -s D -l property -d 'Set a property as with mosquitto: connect, publish, subscribe, unsubscribe, disconnect or will, its name and its value; each has an option of its own here' -r
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l config -d 'File with the profiles [default: ~/.config/mqx/config.toml]' -r
complete -c mqx -n "__fish_mqx_using_subcommand rr" -s o -l config-file -d 'Option file of mosquitto\'s clients' -r
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l message-expiry-interval -d 'Time after which the message is worth nothing, as in 60 or 1h' -r
complete -c mqx -n "__fish_mqx_using_subcommand rr" -s b -s L -l broker -d 'Broker as a URL: mqtt[s]://[USER[:PASSWORD]@]HOST[:PORT][/TOPIC], ws[s]://...[/PATH] or unix:///PATH (repeatable, as -h); or the name of a profile' -r
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l color -d 'Colour what is said on stderr: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mqx -n "__fish_mqx_using_subcommand rr" -s r -l retain -d 'Ask the broker to keep the request, or with --serve the replies'
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l any-reply -d 'Take everything on the topic of the replies for one, with whatever correlation data, and make none up'
complete -c mqx -n "__fish_mqx_using_subcommand rr" -s R -l no-retained -d 'Leave out what the broker had kept there, which --any-reply takes too'
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l fail-if-no-subscriber -d 'Fail when nobody is subscribed to hear the request (QoS 1 and 2, MQTT 5, if the broker tells); without it that is told on stderr'
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l latency -d 'Say on stderr how long each reply took'
complete -c mqx -n "__fish_mqx_using_subcommand rr" -s s -l stdin-file -d 'Publish all of stdin as one message'
complete -c mqx -n "__fish_mqx_using_subcommand rr" -s n -l null-message -d 'Publish an empty message; with -r it removes the retained one'
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l template -d 'Fill in, in payload and topic: {{seq}}, {{now}}, {{unix}}, {{unix_ms}}, {{unix_us}}, {{unix_ns}}, {{uuid}}, {{rand 1 9}}, {{hex 8}}, {{pick a b}}'
complete -c mqx -n "__fish_mqx_using_subcommand rr" -s l -l stdin-line -d 'Ask with each line of stdin, one after the other: with the next when there were as many replies as -C says'
complete -c mqx -n "__fish_mqx_using_subcommand rr" -s v -l verbose -d 'Print the topic before the payload'
complete -c mqx -n "__fish_mqx_using_subcommand rr" -s J -l json -d 'Print each message as one line of JSON'
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l pretty -d 'Print JSON (-J, %j, %J) in several lines'
complete -c mqx -n "__fish_mqx_using_subcommand rr" -s N -d 'Print no line feed behind each message'
complete -c mqx -n "__fish_mqx_using_subcommand rr" -s c -l disable-clean-session -d 'Go on with the session of this client identifier, and keep it; without -x for ever'
complete -c mqx -n "__fish_mqx_using_subcommand rr" -s S -l srv -d 'Ask the DNS for the brokers of the domain that -h names: the SRV records of _mqtt._tcp, with TLS of _secure-mqtt._tcp, which say the ports too. Of several the next is tried when one fails'
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l ws -d 'Speak MQTT over WebSocket'
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l ask-password -d 'Ask for the password at the terminal'
complete -c mqx -n "__fish_mqx_using_subcommand rr" -s d -l debug -d 'Say on stderr which packets are sent and received'
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l quiet -d 'Say nothing on stderr, not even why it fails: the exit code tells'
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l insecure -d 'Use TLS and believe any certificate; for tests only'
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l no-tls -d 'Use no TLS, not even with port 8883'
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l will-retain -d 'Ask the broker to keep it for later subscribers'
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l json-errors -d 'Report the failure that ends the command as JSON on stderr'
complete -c mqx -n "__fish_mqx_using_subcommand rr" -l help -d 'Print help'
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -s c -l count -d 'Clients: those that publish, of sub and fanout those that receive, of conn all' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l publishers -d 'Clients that publish, of rr those that ask' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l subscribers -d 'Clients that receive what every publisher sends, of rr those that answer' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -s R -l conn-rate -d 'Open so many connections per second [default: as many as possible]' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -s i -l interval -d 'Time from one connection to the next, as in 10 (milliseconds) or 1s' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l ramp -d 'Open all connections over this time, evenly' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -s n -l startnumber -d 'The number of the first client' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l rows -d 'CSV file with a row for each client, counted around; {row.NAME} in user name, password, identifier, topic and message is what the row has in this column' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l retry -d 'How often in a row a client tries again to connect, or forever' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l retry-delay -d 'Time before a client tries again, as in 500 (milliseconds) or 1s' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l churn -d 'Connections per second that are closed and opened again' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l storm -d 'Cut all connections together this often, without a word, so that all come back at once and their wills are published' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l rate -d 'Messages per second of all publishers together [default: as many as possible]' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -s I -l interval-of-msg -d 'Time from one message of a publisher to its next, as in 100 (milliseconds) or 2s' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l jitter -d 'Let each message be due up to so much later, at random' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -s t -l topic -d 'Publish to this topic, or subscribe to it where others publish: %i is the number of the client, %c its identifier, %u its user, %s the number of the message, %rand_8 something random, {row.NAME} a column of --rows [default: topics no other run has]' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -s q -l qos -d 'Quality of service of publishes and subscriptions: 0, 1 or 2' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -s r -l retain -d 'Let the broker keep the last message of each topic' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -s s -l size -d 'Bytes of each payload, as in 64, 4k, 1MB, or 32-4k for all sizes between; at least 32' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -s m -l message -d 'Publish this text, with the places of a topic and those of `mqx pub --template`; template://FILE takes it from a file' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -s f -l file -d 'Publish the content of this file' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l template -d 'Publish what is in this file, with places as in --message' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l payload-hdrs -d 'Begin payloads as emqtt-bench does, and recognise them by that: cnt64, ts or cnt64,ts' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -s L -l limit -d 'End after this many messages of all publishers together' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l per-client-limit -d 'End after this many messages of each publisher' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -s F -l inflight -d 'Messages of QoS 1 and 2 that each publisher has unacknowledged at once' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l buffer -d 'Messages each publisher keeps while it cannot send them; of more the oldest are given up [default: all]' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -s e -l message-expiry-interval -d 'Time after which the message is worth nothing, as in 60 or 1h' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l content-type -d 'What the payload is, as in application/json' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l payload-format-indicator -d 'Whether the payload is UTF-8 text' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l user-property -d 'User property, as in name=value (repeatable)' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l duration -d 'End after this time, as in 10, 500ms or 2m [default: run until Ctrl-C]' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l warmup -d 'Do not measure what is due in this time at the beginning' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -s w -l wait-before-publishing -d 'Whether publishing begins when everybody is connected; otherwise each client begins when it is' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l local-addresses -d 'Connect from these addresses of the machine in turn, as in 10.0.0.1,10.0.0.2: each has ports of its own' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l broker-pid -d 'Report the processor time and memory of this process, which is the broker\'s' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l prometheus -d 'Serve the numbers of the run at /metrics for Prometheus while it goes; without an address for this machine only' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l step -d 'How long each step is measured; its --warmup comes before [default of that: 1s]' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l precision -d 'How close the greatest load that held and the least that did not are in the end' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l shard -d 'Carry out one of N parts of the run, counted from 0, with the other processes that are started with the same options; N alone reads I from `JOB_COMPLETION_INDEX` [default: what `SLURM_PROCID` and `SLURM_NTASKS` or `OMPI_COMM_WORLD_RANK` and `OMPI_COMM_WORLD_SIZE` say]' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l run -d 'What the shards of one run have in common and no other run at this broker [default: `SLURM_JOB_ID`]' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l start-at -d 'Begin at this time, as in 2026-01-31T12:00:00Z [default: when all are connected]' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l report -l report-file -d 'Write the report to this file, too: .json, .csv (a line for each second), .md, .html (with charts) or .xml (test results for pipelines); may be repeated' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l assert -d 'End with exit code 9 unless this holds, as in \'p99<5ms\' or \'loss==0,rate>=10k\'; may be repeated' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l baseline -d 'End with exit code 9 if rate, throughput, p50, p99, loss or errors are worse than in this report' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l max-regression -d 'How much worse they may be' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l id -d 'Client identifier, with the places of a topic, or what every one begins with [default: mqx-bench and the run]' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -s C -l clean -d 'Whether sessions begin anew with each connection' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -s h -l host -d 'Host name or address of the broker; of several the next is tried when one fails (repeatable) [default: localhost]' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -s p -l port -d 'Port of the broker [default: 1883, with TLS 8883]; 8883 means TLS' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -s b -l broker -d 'Broker as a URL: mqtt[s]://[USER[:PASSWORD]@]HOST[:PORT][/TOPIC], ws[s]://...[/PATH] or unix:///PATH (repeatable, as -h); or the name of a profile' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l unix -d 'Unix socket of the broker' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l ws-path -d 'Path of the broker for WebSocket [default: /mqtt]' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l ws-header -d 'Header of the WebSocket request, as in \'Authorization: Bearer x\' (repeatable)' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l proxy -d 'Connect through this proxy: socks5h://, socks5://, http:// or https://[USER:PASSWORD@]HOST[:PORT], or none [default: ALL_PROXY, for wss HTTPS_PROXY before it and for ws http_proxy, unless NO_PROXY has the host]' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -s A -l bind -d 'Connect from this address of the machine' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -s u -l username -d 'User name' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -s P -l password -d 'Password; on this machine everybody can see it, unlike with the next four' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l password-file -d 'Take the password from this file' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l password-env -d 'Take the password from this variable of the environment' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l password-command -d 'Take the password from what this command of the shell prints' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -s k -l keepalive -d 'Seconds of silence after which a ping is sent; 0 for none' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -s V -l mqtt-version -d 'Version of MQTT: 5, 3.1.1 or 3.1 [default: 5, and 3.1.1 if the broker refuses it]' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l connect-timeout -d 'Give up connecting after this time, as in 10, 500ms or 2m' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l engine -d 'Whose implementation of MQTT speaks: native (that of mqx) or rumqttc, which cannot speak MQTT 3.1 (-V), cannot send a password that is not text (-P), cannot send an empty user name or password (-u, -P), cannot resolve topic aliases (--topic-alias-maximum), cannot set up topic aliases (--topic-alias), cannot write AUTH (--authentication-method SCRAM-SHA-256), cannot leave messages unacknowledged (--exec with -q 1 or 2, bridges), cannot serve a bridge, cannot send properties in DISCONNECT (--disconnect-...)' -r -f -a "native\t''
rumqttc\t''"
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l jwt-key -d 'Sign a token with this private key (PEM) for a password, a new one for every connection' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l jwt-alg -d 'How to sign it: RS256 or ES256 [default: as the key is made for]' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l jwt-aud -d 'Whom it is for (aud; repeatable)' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l jwt-sub -d 'Whom it is about (sub) [default: the user name]' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l jwt-iss -d 'Whom it is from (iss)' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l jwt-kid -d 'Name of the key (kid)' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l jwt-claim -d 'Another claim, as in name=value; a value in JSON is taken as that (repeatable)' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l jwt-ttl -d 'How long it counts, as in 600 or 1h' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l tls -d 'Use TLS; trust the CA in this file, or without one those of the system' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l cafile -d 'The same as --tls with a CA' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l capath -d 'Use TLS and trust the CAs in the PEM files of this directory' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l cert -d 'Use TLS and show this certificate to the broker (PEM)' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l key -d 'The private key of that certificate (PEM, also encrypted PKCS#8)' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l p12 -d 'Use TLS and show the certificate in this PKCS#12 file, which has its key too' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l key-password -d 'Password of the private key, or of the PKCS#12 file; on this machine everybody can see it' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l key-password-file -d 'Take the password of the private key from this file' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l key-password-env -d 'Take the password of the private key from this variable of the environment' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l sni -d 'Name to ask the broker for (SNI) and to check its certificate with, in place of the host' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l tls-alpn -d 'Application protocol to offer (ALPN), as in mqtt or x-amzn-mqtt-ca (repeatable)' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l tls-version -d 'Speak this version of TLS and no other: 1.2 or 1.3' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l ciphers -d 'Offer these cipher suites and no others, by their names of IANA or OpenSSL with colons between them; what is not known is told' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l tls-keylog -d 'Append the secrets of TLS to this file, for Wireshark [default: that of SSLKEYLOGFILE]' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l will-topic -d 'Topic of the message the broker publishes when the connection is lost' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l will-payload -d 'Its payload [default: empty]' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l will-file -d 'Its payload from this file' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l will-qos -d 'Its quality of service: 0, 1 or 2' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l will-delay-interval -d 'Publish it only after this time, as in 10 or 1m (MQTT 5)' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l will-message-expiry-interval -d 'Time after which it is worth nothing (MQTT 5)' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l will-content-type -d 'What its payload is, as in application/json (MQTT 5)' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l will-payload-format-indicator -d 'Whether its payload is UTF-8 text (MQTT 5)' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l will-response-topic -d 'Topic for an answer to it (MQTT 5)' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l will-correlation-data -d 'What an answer is to repeat: text, hex:... or base64:... (MQTT 5)' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l will-user-property -d 'User property of it, as in name=value (repeatable, MQTT 5)' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -s x -l session-expiry-interval -d 'Keep the session so long after the connection, as in 60, 1h or never (to end)' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l receive-maximum -d 'QoS 1 and 2 messages the broker may send before they are answered' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l maximum-packet-size -d 'Bytes of the largest packet the broker may send' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l topic-alias-maximum -d 'Topic aliases the broker may use' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l request-response-information -d 'Ask for the basis of response topics' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l request-problem-information -d 'Ask for reasons in words [default: true]' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l connect-user-property -d 'User property of CONNECT, as in name=value (repeatable)' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l authentication-method -d 'Method of enhanced authentication: SCRAM-SHA-256 takes user and password and checks the broker too; of others only what CONNECT says can be given' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l authentication-data -d 'Data of that method: text, hex:... or base64:...' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l disconnect-session-expiry-interval -d 'Session expiry in DISCONNECT: from then on this holds' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l disconnect-reason -d 'Reason in words in DISCONNECT' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l disconnect-user-property -d 'User property of DISCONNECT, as in name=value (repeatable)' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -s D -l property -d 'Set a property as with mosquitto: connect, publish, subscribe, unsubscribe, disconnect or will, its name and its value; each has an option of its own here' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l config -d 'File with the profiles [default: ~/.config/mqx/config.toml]' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -s o -l config-file -d 'Option file of mosquitto\'s clients' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l color -d 'Colour what is said on stderr: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l keep-connected -d 'Keep the connections open when everything is sent, until the end or Ctrl-C'
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l strict -d 'Fail if the load generator was the limit instead of the broker'
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l embedded -d 'Start a broker inside this process, on a free port, and measure that'
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l find-max -d 'Find the greatest load that holds: double the rate (of conn and sub the clients), from --rate on, until an --assert breaks, then narrow it down [default: p99<100ms, loss==0, errors==0]'
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l json -d 'Print the report as one JSON object'
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l shortids -d 'Client identifiers of --id and the number of the client, and nothing else'
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -s S -d 'Use TLS, the same as --tls'
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l ws -d 'Speak MQTT over WebSocket'
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l ask-password -d 'Ask for the password at the terminal'
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -s d -l debug -d 'Say on stderr which packets are sent and received'
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l quiet -d 'Say nothing on stderr, not even why it fails: the exit code tells'
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l insecure -d 'Use TLS and believe any certificate; for tests only'
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l no-tls -d 'Use no TLS, not even with port 8883'
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l will-retain -d 'Ask the broker to keep it for later subscribers'
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l json-errors -d 'Report the failure that ends the command as JSON on stderr'
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -l help -d 'Print help'
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -a "compare" -d 'Compare the reports of two runs'
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -a "merge" -d 'Add up the reports of runs, as those of shards'
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -a "run" -d 'Run a scenario from a file'
complete -c mqx -n "__fish_mqx_using_subcommand bench; and not __fish_seen_subcommand_from compare merge run help" -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from compare" -l report -l report-file -d 'Write the comparison to this file, too: .md, or .html with charts; may be repeated' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from compare" -l color -d 'Colour what is said on stderr: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from compare" -l json-errors -d 'Report the failure that ends the command as JSON on stderr'
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from compare" -l help -d 'Print help'
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from merge" -l report -l report-file -d 'Write the report to this file, too: .json, .csv (a line for each second), .md, .html (with charts) or .xml (test results for pipelines); may be repeated' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from merge" -l assert -d 'End with exit code 9 unless this holds, as in \'p99<5ms\' or \'loss==0,rate>=10k\'; may be repeated' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from merge" -l baseline -d 'End with exit code 9 if rate, throughput, p50, p99, loss or errors are worse than in this report' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from merge" -l max-regression -d 'How much worse they may be' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from merge" -l color -d 'Colour what is said on stderr: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from merge" -l json -d 'Print the report as one JSON object'
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from merge" -l json-errors -d 'Report the failure that ends the command as JSON on stderr'
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from merge" -l help -d 'Print help'
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l duration -d 'End after this time, as in 10, 500ms or 2m [default: run until Ctrl-C]' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l warmup -d 'Do not measure what is due in this time at the beginning' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -s w -l wait-before-publishing -d 'Whether publishing begins when everybody is connected; otherwise each client begins when it is' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l local-addresses -d 'Connect from these addresses of the machine in turn, as in 10.0.0.1,10.0.0.2: each has ports of its own' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l broker-pid -d 'Report the processor time and memory of this process, which is the broker\'s' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l prometheus -d 'Serve the numbers of the run at /metrics for Prometheus while it goes; without an address for this machine only' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l step -d 'How long each step is measured; its --warmup comes before [default of that: 1s]' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l precision -d 'How close the greatest load that held and the least that did not are in the end' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l shard -d 'Carry out one of N parts of the run, counted from 0, with the other processes that are started with the same options; N alone reads I from `JOB_COMPLETION_INDEX` [default: what `SLURM_PROCID` and `SLURM_NTASKS` or `OMPI_COMM_WORLD_RANK` and `OMPI_COMM_WORLD_SIZE` say]' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l run -d 'What the shards of one run have in common and no other run at this broker [default: `SLURM_JOB_ID`]' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l start-at -d 'Begin at this time, as in 2026-01-31T12:00:00Z [default: when all are connected]' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l report -l report-file -d 'Write the report to this file, too: .json, .csv (a line for each second), .md, .html (with charts) or .xml (test results for pipelines); may be repeated' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l assert -d 'End with exit code 9 unless this holds, as in \'p99<5ms\' or \'loss==0,rate>=10k\'; may be repeated' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l baseline -d 'End with exit code 9 if rate, throughput, p50, p99, loss or errors are worse than in this report' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l max-regression -d 'How much worse they may be' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -s h -l host -d 'Host name or address of the broker; of several the next is tried when one fails (repeatable) [default: localhost]' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -s p -l port -d 'Port of the broker [default: 1883, with TLS 8883]; 8883 means TLS' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l unix -d 'Unix socket of the broker' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l ws-path -d 'Path of the broker for WebSocket [default: /mqtt]' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l ws-header -d 'Header of the WebSocket request, as in \'Authorization: Bearer x\' (repeatable)' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l proxy -d 'Connect through this proxy: socks5h://, socks5://, http:// or https://[USER:PASSWORD@]HOST[:PORT], or none [default: ALL_PROXY, for wss HTTPS_PROXY before it and for ws http_proxy, unless NO_PROXY has the host]' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -s A -l bind -d 'Connect from this address of the machine' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -s u -l username -d 'User name' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -s P -l password -d 'Password; on this machine everybody can see it, unlike with the next four' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l password-file -d 'Take the password from this file' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l password-env -d 'Take the password from this variable of the environment' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l password-command -d 'Take the password from what this command of the shell prints' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -s k -l keepalive -d 'Seconds of silence after which a ping is sent; 0 for none' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -s V -l mqtt-version -d 'Version of MQTT: 5, 3.1.1 or 3.1 [default: 5, and 3.1.1 if the broker refuses it]' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l connect-timeout -d 'Give up connecting after this time, as in 10, 500ms or 2m' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l engine -d 'Whose implementation of MQTT speaks: native (that of mqx) or rumqttc, which cannot speak MQTT 3.1 (-V), cannot send a password that is not text (-P), cannot send an empty user name or password (-u, -P), cannot resolve topic aliases (--topic-alias-maximum), cannot set up topic aliases (--topic-alias), cannot write AUTH (--authentication-method SCRAM-SHA-256), cannot leave messages unacknowledged (--exec with -q 1 or 2, bridges), cannot serve a bridge, cannot send properties in DISCONNECT (--disconnect-...)' -r -f -a "native\t''
rumqttc\t''"
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l jwt-key -d 'Sign a token with this private key (PEM) for a password, a new one for every connection' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l jwt-alg -d 'How to sign it: RS256 or ES256 [default: as the key is made for]' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l jwt-aud -d 'Whom it is for (aud; repeatable)' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l jwt-sub -d 'Whom it is about (sub) [default: the user name]' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l jwt-iss -d 'Whom it is from (iss)' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l jwt-kid -d 'Name of the key (kid)' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l jwt-claim -d 'Another claim, as in name=value; a value in JSON is taken as that (repeatable)' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l jwt-ttl -d 'How long it counts, as in 600 or 1h' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l tls -d 'Use TLS; trust the CA in this file, or without one those of the system' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l cafile -d 'The same as --tls with a CA' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l capath -d 'Use TLS and trust the CAs in the PEM files of this directory' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l cert -d 'Use TLS and show this certificate to the broker (PEM)' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l key -d 'The private key of that certificate (PEM, also encrypted PKCS#8)' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l p12 -d 'Use TLS and show the certificate in this PKCS#12 file, which has its key too' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l key-password -d 'Password of the private key, or of the PKCS#12 file; on this machine everybody can see it' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l key-password-file -d 'Take the password of the private key from this file' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l key-password-env -d 'Take the password of the private key from this variable of the environment' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l sni -d 'Name to ask the broker for (SNI) and to check its certificate with, in place of the host' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l tls-alpn -d 'Application protocol to offer (ALPN), as in mqtt or x-amzn-mqtt-ca (repeatable)' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l tls-version -d 'Speak this version of TLS and no other: 1.2 or 1.3' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l ciphers -d 'Offer these cipher suites and no others, by their names of IANA or OpenSSL with colons between them; what is not known is told' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l tls-keylog -d 'Append the secrets of TLS to this file, for Wireshark [default: that of SSLKEYLOGFILE]' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l will-topic -d 'Topic of the message the broker publishes when the connection is lost' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l will-payload -d 'Its payload [default: empty]' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l will-file -d 'Its payload from this file' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l will-qos -d 'Its quality of service: 0, 1 or 2' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l will-delay-interval -d 'Publish it only after this time, as in 10 or 1m (MQTT 5)' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l will-message-expiry-interval -d 'Time after which it is worth nothing (MQTT 5)' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l will-content-type -d 'What its payload is, as in application/json (MQTT 5)' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l will-payload-format-indicator -d 'Whether its payload is UTF-8 text (MQTT 5)' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l will-response-topic -d 'Topic for an answer to it (MQTT 5)' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l will-correlation-data -d 'What an answer is to repeat: text, hex:... or base64:... (MQTT 5)' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l will-user-property -d 'User property of it, as in name=value (repeatable, MQTT 5)' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -s x -l session-expiry-interval -d 'Keep the session so long after the connection, as in 60, 1h or never (to end)' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l receive-maximum -d 'QoS 1 and 2 messages the broker may send before they are answered' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l maximum-packet-size -d 'Bytes of the largest packet the broker may send' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l topic-alias-maximum -d 'Topic aliases the broker may use' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l request-response-information -d 'Ask for the basis of response topics' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l request-problem-information -d 'Ask for reasons in words [default: true]' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l connect-user-property -d 'User property of CONNECT, as in name=value (repeatable)' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l authentication-method -d 'Method of enhanced authentication: SCRAM-SHA-256 takes user and password and checks the broker too; of others only what CONNECT says can be given' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l authentication-data -d 'Data of that method: text, hex:... or base64:...' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l disconnect-session-expiry-interval -d 'Session expiry in DISCONNECT: from then on this holds' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l disconnect-reason -d 'Reason in words in DISCONNECT' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l disconnect-user-property -d 'User property of DISCONNECT, as in name=value (repeatable)' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -s D -l property -d 'Set a property as with mosquitto: connect, publish, subscribe, unsubscribe, disconnect or will, its name and its value; each has an option of its own here' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l config -d 'File with the profiles [default: ~/.config/mqx/config.toml]' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -s o -l config-file -d 'Option file of mosquitto\'s clients' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -s b -s L -l broker -d 'Broker as a URL: mqtt[s]://[USER[:PASSWORD]@]HOST[:PORT][/TOPIC], ws[s]://...[/PATH] or unix:///PATH (repeatable, as -h); or the name of a profile' -r
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l color -d 'Colour what is said on stderr: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l show -d 'Print the file of the scenario instead of running it'
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l keep-connected -d 'Keep the connections open when everything is sent, until the end or Ctrl-C'
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l strict -d 'Fail if the load generator was the limit instead of the broker'
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l embedded -d 'Start a broker inside this process, on a free port, and measure that'
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l find-max -d 'Find the greatest load that holds: double the rate (of conn and sub the clients), from --rate on, until an --assert breaks, then narrow it down [default: p99<100ms, loss==0, errors==0]'
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l json -d 'Print the report as one JSON object'
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l ws -d 'Speak MQTT over WebSocket'
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l ask-password -d 'Ask for the password at the terminal'
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -s d -l debug -d 'Say on stderr which packets are sent and received'
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l quiet -d 'Say nothing on stderr, not even why it fails: the exit code tells'
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l insecure -d 'Use TLS and believe any certificate; for tests only'
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l no-tls -d 'Use no TLS, not even with port 8883'
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l will-retain -d 'Ask the broker to keep it for later subscribers'
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l json-errors -d 'Report the failure that ends the command as JSON on stderr'
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from run" -l help -d 'Print help'
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from help" -f -a "compare" -d 'Compare the reports of two runs'
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from help" -f -a "merge" -d 'Add up the reports of runs, as those of shards'
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from help" -f -a "run" -d 'Run a scenario from a file'
complete -c mqx -n "__fish_mqx_using_subcommand bench; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -s i -l id -d 'Client identifier; %h stands for this machine, %p for the process, %r for something random, %u for the user name [default: the broker chooses one]' -r
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -s I -l id-prefix -d 'Client identifier that begins with this and ends with the number of the process' -r
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -s h -l host -d 'Host name or address of the broker; of several the next is tried when one fails (repeatable) [default: localhost]' -r
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -s p -l port -d 'Port of the broker [default: 1883, with TLS 8883]; 8883 means TLS' -r
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -l unix -d 'Unix socket of the broker' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -l ws-path -d 'Path of the broker for WebSocket [default: /mqtt]' -r
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -l ws-header -d 'Header of the WebSocket request, as in \'Authorization: Bearer x\' (repeatable)' -r
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -l proxy -d 'Connect through this proxy: socks5h://, socks5://, http:// or https://[USER:PASSWORD@]HOST[:PORT], or none [default: ALL_PROXY, for wss HTTPS_PROXY before it and for ws http_proxy, unless NO_PROXY has the host]' -r
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -s A -l bind -d 'Connect from this address of the machine' -r
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -s u -l username -d 'User name' -r
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -s P -l password -d 'Password; on this machine everybody can see it, unlike with the next four' -r
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -l password-file -d 'Take the password from this file' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -l password-env -d 'Take the password from this variable of the environment' -r
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -l password-command -d 'Take the password from what this command of the shell prints' -r
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -s k -l keepalive -d 'Seconds of silence after which a ping is sent; 0 for none' -r
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -s V -l mqtt-version -d 'Version of MQTT: 5, 3.1.1 or 3.1 [default: 5, and 3.1.1 if the broker refuses it]' -r
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -l connect-timeout -d 'Give up connecting after this time, as in 10, 500ms or 2m' -r
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -l engine -d 'Whose implementation of MQTT speaks: native (that of mqx) or rumqttc, which cannot speak MQTT 3.1 (-V), cannot send a password that is not text (-P), cannot send an empty user name or password (-u, -P), cannot resolve topic aliases (--topic-alias-maximum), cannot set up topic aliases (--topic-alias), cannot write AUTH (--authentication-method SCRAM-SHA-256), cannot leave messages unacknowledged (--exec with -q 1 or 2, bridges), cannot serve a bridge, cannot send properties in DISCONNECT (--disconnect-...)' -r -f -a "native\t''
rumqttc\t''"
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -l jwt-key -d 'Sign a token with this private key (PEM) for a password, a new one for every connection' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -l jwt-alg -d 'How to sign it: RS256 or ES256 [default: as the key is made for]' -r
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -l jwt-aud -d 'Whom it is for (aud; repeatable)' -r
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -l jwt-sub -d 'Whom it is about (sub) [default: the user name]' -r
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -l jwt-iss -d 'Whom it is from (iss)' -r
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -l jwt-kid -d 'Name of the key (kid)' -r
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -l jwt-claim -d 'Another claim, as in name=value; a value in JSON is taken as that (repeatable)' -r
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -l jwt-ttl -d 'How long it counts, as in 600 or 1h' -r
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -l tls -d 'Use TLS; trust the CA in this file, or without one those of the system' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -l cafile -d 'The same as --tls with a CA' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -l capath -d 'Use TLS and trust the CAs in the PEM files of this directory' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -l cert -d 'Use TLS and show this certificate to the broker (PEM)' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -l key -d 'The private key of that certificate (PEM, also encrypted PKCS#8)' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -l p12 -d 'Use TLS and show the certificate in this PKCS#12 file, which has its key too' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -l key-password -d 'Password of the private key, or of the PKCS#12 file; on this machine everybody can see it' -r
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -l key-password-file -d 'Take the password of the private key from this file' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -l key-password-env -d 'Take the password of the private key from this variable of the environment' -r
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -l sni -d 'Name to ask the broker for (SNI) and to check its certificate with, in place of the host' -r
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -l tls-alpn -d 'Application protocol to offer (ALPN), as in mqtt or x-amzn-mqtt-ca (repeatable)' -r
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -l tls-version -d 'Speak this version of TLS and no other: 1.2 or 1.3' -r
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -l ciphers -d 'Offer these cipher suites and no others, by their names of IANA or OpenSSL with colons between them; what is not known is told' -r
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -l tls-keylog -d 'Append the secrets of TLS to this file, for Wireshark [default: that of SSLKEYLOGFILE]' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -l will-topic -d 'Topic of the message the broker publishes when the connection is lost' -r
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -l will-payload -d 'Its payload [default: empty]' -r
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -l will-file -d 'Its payload from this file' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -l will-qos -d 'Its quality of service: 0, 1 or 2' -r
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -l will-delay-interval -d 'Publish it only after this time, as in 10 or 1m (MQTT 5)' -r
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -l will-message-expiry-interval -d 'Time after which it is worth nothing (MQTT 5)' -r
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -l will-content-type -d 'What its payload is, as in application/json (MQTT 5)' -r
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -l will-payload-format-indicator -d 'Whether its payload is UTF-8 text (MQTT 5)' -r
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -l will-response-topic -d 'Topic for an answer to it (MQTT 5)' -r
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -l will-correlation-data -d 'What an answer is to repeat: text, hex:... or base64:... (MQTT 5)' -r
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -l will-user-property -d 'User property of it, as in name=value (repeatable, MQTT 5)' -r
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -s x -l session-expiry-interval -d 'Keep the session so long after the connection, as in 60, 1h or never (to end)' -r
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -l receive-maximum -d 'QoS 1 and 2 messages the broker may send before they are answered' -r
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -l maximum-packet-size -d 'Bytes of the largest packet the broker may send' -r
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -l topic-alias-maximum -d 'Topic aliases the broker may use' -r
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -l request-response-information -d 'Ask for the basis of response topics' -r
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -l request-problem-information -d 'Ask for reasons in words [default: true]' -r
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -l connect-user-property -d 'User property of CONNECT, as in name=value (repeatable)' -r
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -l authentication-method -d 'Method of enhanced authentication: SCRAM-SHA-256 takes user and password and checks the broker too; of others only what CONNECT says can be given' -r
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -l authentication-data -d 'Data of that method: text, hex:... or base64:...' -r
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -l disconnect-session-expiry-interval -d 'Session expiry in DISCONNECT: from then on this holds' -r
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -l disconnect-reason -d 'Reason in words in DISCONNECT' -r
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -l disconnect-user-property -d 'User property of DISCONNECT, as in name=value (repeatable)' -r
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -s D -l property -d 'Set a property as with mosquitto: connect, publish, subscribe, unsubscribe, disconnect or will, its name and its value; each has an option of its own here' -r
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -l config -d 'File with the profiles [default: ~/.config/mqx/config.toml]' -r
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -s o -l config-file -d 'Option file of mosquitto\'s clients' -r
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -s t -l topic -d 'What the topics begin with that are published to [default: mqx/doctor/ and something random]' -r
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -s b -s L -l broker -d 'Broker as a URL: mqtt[s]://[USER[:PASSWORD]@]HOST[:PORT][/TOPIC], ws[s]://...[/PATH] or unix:///PATH (repeatable, as -h); or the name of a profile' -r
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -l color -d 'Colour what is said on stderr: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -l json -d 'Say it in JSON'
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -s c -l disable-clean-session -d 'Go on with the session of this client identifier, and keep it; without -x for ever'
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -l ws -d 'Speak MQTT over WebSocket'
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -l ask-password -d 'Ask for the password at the terminal'
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -s d -l debug -d 'Say on stderr which packets are sent and received'
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -l quiet -d 'Say nothing on stderr, not even why it fails: the exit code tells'
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -l insecure -d 'Use TLS and believe any certificate; for tests only'
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -l no-tls -d 'Use no TLS, not even with port 8883'
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -l will-retain -d 'Ask the broker to keep it for later subscribers'
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -l json-errors -d 'Report the failure that ends the command as JSON on stderr'
complete -c mqx -n "__fish_mqx_using_subcommand doctor" -l help -d 'Print help'
complete -c mqx -n "__fish_mqx_using_subcommand ping" -s i -l id -d 'Client identifier; %h stands for this machine, %p for the process, %r for something random, %u for the user name [default: the broker chooses one]' -r
complete -c mqx -n "__fish_mqx_using_subcommand ping" -s I -l id-prefix -d 'Client identifier that begins with this and ends with the number of the process' -r
complete -c mqx -n "__fish_mqx_using_subcommand ping" -s h -l host -d 'Host name or address of the broker; of several the next is tried when one fails (repeatable) [default: localhost]' -r
complete -c mqx -n "__fish_mqx_using_subcommand ping" -s p -l port -d 'Port of the broker [default: 1883, with TLS 8883]; 8883 means TLS' -r
complete -c mqx -n "__fish_mqx_using_subcommand ping" -l unix -d 'Unix socket of the broker' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand ping" -l ws-path -d 'Path of the broker for WebSocket [default: /mqtt]' -r
complete -c mqx -n "__fish_mqx_using_subcommand ping" -l ws-header -d 'Header of the WebSocket request, as in \'Authorization: Bearer x\' (repeatable)' -r
complete -c mqx -n "__fish_mqx_using_subcommand ping" -l proxy -d 'Connect through this proxy: socks5h://, socks5://, http:// or https://[USER:PASSWORD@]HOST[:PORT], or none [default: ALL_PROXY, for wss HTTPS_PROXY before it and for ws http_proxy, unless NO_PROXY has the host]' -r
complete -c mqx -n "__fish_mqx_using_subcommand ping" -s A -l bind -d 'Connect from this address of the machine' -r
complete -c mqx -n "__fish_mqx_using_subcommand ping" -s u -l username -d 'User name' -r
complete -c mqx -n "__fish_mqx_using_subcommand ping" -s P -l password -d 'Password; on this machine everybody can see it, unlike with the next four' -r
complete -c mqx -n "__fish_mqx_using_subcommand ping" -l password-file -d 'Take the password from this file' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand ping" -l password-env -d 'Take the password from this variable of the environment' -r
complete -c mqx -n "__fish_mqx_using_subcommand ping" -l password-command -d 'Take the password from what this command of the shell prints' -r
complete -c mqx -n "__fish_mqx_using_subcommand ping" -s k -l keepalive -d 'Seconds of silence after which a ping is sent; 0 for none' -r
complete -c mqx -n "__fish_mqx_using_subcommand ping" -s V -l mqtt-version -d 'Version of MQTT: 5, 3.1.1 or 3.1 [default: 5, and 3.1.1 if the broker refuses it]' -r
complete -c mqx -n "__fish_mqx_using_subcommand ping" -l connect-timeout -d 'Give up connecting after this time, as in 10, 500ms or 2m' -r
complete -c mqx -n "__fish_mqx_using_subcommand ping" -l engine -d 'Whose implementation of MQTT speaks: native (that of mqx) or rumqttc, which cannot speak MQTT 3.1 (-V), cannot send a password that is not text (-P), cannot send an empty user name or password (-u, -P), cannot resolve topic aliases (--topic-alias-maximum), cannot set up topic aliases (--topic-alias), cannot write AUTH (--authentication-method SCRAM-SHA-256), cannot leave messages unacknowledged (--exec with -q 1 or 2, bridges), cannot serve a bridge, cannot send properties in DISCONNECT (--disconnect-...)' -r -f -a "native\t''
rumqttc\t''"
complete -c mqx -n "__fish_mqx_using_subcommand ping" -l jwt-key -d 'Sign a token with this private key (PEM) for a password, a new one for every connection' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand ping" -l jwt-alg -d 'How to sign it: RS256 or ES256 [default: as the key is made for]' -r
complete -c mqx -n "__fish_mqx_using_subcommand ping" -l jwt-aud -d 'Whom it is for (aud; repeatable)' -r
complete -c mqx -n "__fish_mqx_using_subcommand ping" -l jwt-sub -d 'Whom it is about (sub) [default: the user name]' -r
complete -c mqx -n "__fish_mqx_using_subcommand ping" -l jwt-iss -d 'Whom it is from (iss)' -r
complete -c mqx -n "__fish_mqx_using_subcommand ping" -l jwt-kid -d 'Name of the key (kid)' -r
complete -c mqx -n "__fish_mqx_using_subcommand ping" -l jwt-claim -d 'Another claim, as in name=value; a value in JSON is taken as that (repeatable)' -r
complete -c mqx -n "__fish_mqx_using_subcommand ping" -l jwt-ttl -d 'How long it counts, as in 600 or 1h' -r
complete -c mqx -n "__fish_mqx_using_subcommand ping" -l tls -d 'Use TLS; trust the CA in this file, or without one those of the system' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand ping" -l cafile -d 'The same as --tls with a CA' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand ping" -l capath -d 'Use TLS and trust the CAs in the PEM files of this directory' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand ping" -l cert -d 'Use TLS and show this certificate to the broker (PEM)' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand ping" -l key -d 'The private key of that certificate (PEM, also encrypted PKCS#8)' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand ping" -l p12 -d 'Use TLS and show the certificate in this PKCS#12 file, which has its key too' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand ping" -l key-password -d 'Password of the private key, or of the PKCS#12 file; on this machine everybody can see it' -r
complete -c mqx -n "__fish_mqx_using_subcommand ping" -l key-password-file -d 'Take the password of the private key from this file' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand ping" -l key-password-env -d 'Take the password of the private key from this variable of the environment' -r
complete -c mqx -n "__fish_mqx_using_subcommand ping" -l sni -d 'Name to ask the broker for (SNI) and to check its certificate with, in place of the host' -r
complete -c mqx -n "__fish_mqx_using_subcommand ping" -l tls-alpn -d 'Application protocol to offer (ALPN), as in mqtt or x-amzn-mqtt-ca (repeatable)' -r
complete -c mqx -n "__fish_mqx_using_subcommand ping" -l tls-version -d 'Speak this version of TLS and no other: 1.2 or 1.3' -r
complete -c mqx -n "__fish_mqx_using_subcommand ping" -l ciphers -d 'Offer these cipher suites and no others, by their names of IANA or OpenSSL with colons between them; what is not known is told' -r
complete -c mqx -n "__fish_mqx_using_subcommand ping" -l tls-keylog -d 'Append the secrets of TLS to this file, for Wireshark [default: that of SSLKEYLOGFILE]' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand ping" -l will-topic -d 'Topic of the message the broker publishes when the connection is lost' -r
complete -c mqx -n "__fish_mqx_using_subcommand ping" -l will-payload -d 'Its payload [default: empty]' -r
complete -c mqx -n "__fish_mqx_using_subcommand ping" -l will-file -d 'Its payload from this file' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand ping" -l will-qos -d 'Its quality of service: 0, 1 or 2' -r
complete -c mqx -n "__fish_mqx_using_subcommand ping" -l will-delay-interval -d 'Publish it only after this time, as in 10 or 1m (MQTT 5)' -r
complete -c mqx -n "__fish_mqx_using_subcommand ping" -l will-message-expiry-interval -d 'Time after which it is worth nothing (MQTT 5)' -r
complete -c mqx -n "__fish_mqx_using_subcommand ping" -l will-content-type -d 'What its payload is, as in application/json (MQTT 5)' -r
complete -c mqx -n "__fish_mqx_using_subcommand ping" -l will-payload-format-indicator -d 'Whether its payload is UTF-8 text (MQTT 5)' -r
complete -c mqx -n "__fish_mqx_using_subcommand ping" -l will-response-topic -d 'Topic for an answer to it (MQTT 5)' -r
complete -c mqx -n "__fish_mqx_using_subcommand ping" -l will-correlation-data -d 'What an answer is to repeat: text, hex:... or base64:... (MQTT 5)' -r
complete -c mqx -n "__fish_mqx_using_subcommand ping" -l will-user-property -d 'User property of it, as in name=value (repeatable, MQTT 5)' -r
complete -c mqx -n "__fish_mqx_using_subcommand ping" -s x -l session-expiry-interval -d 'Keep the session so long after the connection, as in 60, 1h or never (to end)' -r
complete -c mqx -n "__fish_mqx_using_subcommand ping" -l receive-maximum -d 'QoS 1 and 2 messages the broker may send before they are answered' -r
complete -c mqx -n "__fish_mqx_using_subcommand ping" -l maximum-packet-size -d 'Bytes of the largest packet the broker may send' -r
complete -c mqx -n "__fish_mqx_using_subcommand ping" -l topic-alias-maximum -d 'Topic aliases the broker may use' -r
complete -c mqx -n "__fish_mqx_using_subcommand ping" -l request-response-information -d 'Ask for the basis of response topics' -r
complete -c mqx -n "__fish_mqx_using_subcommand ping" -l request-problem-information -d 'Ask for reasons in words [default: true]' -r
complete -c mqx -n "__fish_mqx_using_subcommand ping" -l connect-user-property -d 'User property of CONNECT, as in name=value (repeatable)' -r
complete -c mqx -n "__fish_mqx_using_subcommand ping" -l authentication-method -d 'Method of enhanced authentication: SCRAM-SHA-256 takes user and password and checks the broker too; of others only what CONNECT says can be given' -r
complete -c mqx -n "__fish_mqx_using_subcommand ping" -l authentication-data -d 'Data of that method: text, hex:... or base64:...' -r
complete -c mqx -n "__fish_mqx_using_subcommand ping" -l disconnect-session-expiry-interval -d 'Session expiry in DISCONNECT: from then on this holds' -r
complete -c mqx -n "__fish_mqx_using_subcommand ping" -l disconnect-reason -d 'Reason in words in DISCONNECT' -r
complete -c mqx -n "__fish_mqx_using_subcommand ping" -l disconnect-user-property -d 'User property of DISCONNECT, as in name=value (repeatable)' -r
complete -c mqx -n "__fish_mqx_using_subcommand ping" -s D -l property -d 'Set a property as with mosquitto: connect, publish, subscribe, unsubscribe, disconnect or will, its name and its value; each has an option of its own here' -r
complete -c mqx -n "__fish_mqx_using_subcommand ping" -l config -d 'File with the profiles [default: ~/.config/mqx/config.toml]' -r
complete -c mqx -n "__fish_mqx_using_subcommand ping" -s o -l config-file -d 'Option file of mosquitto\'s clients' -r
complete -c mqx -n "__fish_mqx_using_subcommand ping" -s b -s L -l broker -d 'Broker as a URL: mqtt[s]://[USER[:PASSWORD]@]HOST[:PORT][/TOPIC], ws[s]://...[/PATH] or unix:///PATH (repeatable, as -h); or the name of a profile' -r
complete -c mqx -n "__fish_mqx_using_subcommand ping" -l color -d 'Colour what is said on stderr: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mqx -n "__fish_mqx_using_subcommand ping" -l json -d 'Say it in JSON'
complete -c mqx -n "__fish_mqx_using_subcommand ping" -s c -l disable-clean-session -d 'Go on with the session of this client identifier, and keep it; without -x for ever'
complete -c mqx -n "__fish_mqx_using_subcommand ping" -l ws -d 'Speak MQTT over WebSocket'
complete -c mqx -n "__fish_mqx_using_subcommand ping" -l ask-password -d 'Ask for the password at the terminal'
complete -c mqx -n "__fish_mqx_using_subcommand ping" -s d -l debug -d 'Say on stderr which packets are sent and received'
complete -c mqx -n "__fish_mqx_using_subcommand ping" -l quiet -d 'Say nothing on stderr, not even why it fails: the exit code tells'
complete -c mqx -n "__fish_mqx_using_subcommand ping" -l insecure -d 'Use TLS and believe any certificate; for tests only'
complete -c mqx -n "__fish_mqx_using_subcommand ping" -l no-tls -d 'Use no TLS, not even with port 8883'
complete -c mqx -n "__fish_mqx_using_subcommand ping" -l will-retain -d 'Ask the broker to keep it for later subscribers'
complete -c mqx -n "__fish_mqx_using_subcommand ping" -l json-errors -d 'Report the failure that ends the command as JSON on stderr'
complete -c mqx -n "__fish_mqx_using_subcommand ping" -l help -d 'Print help'
complete -c mqx -n "__fish_mqx_using_subcommand test" -l diff -d 'Compare two brokers, which other options are for as well' -r
complete -c mqx -n "__fish_mqx_using_subcommand test" -l only -d 'Test this area only: connection, limits, messages, retained, subscriptions, sessions, wills or errors (repeatable)' -r
complete -c mqx -n "__fish_mqx_using_subcommand test" -s t -l topic -d 'What the topics begin with that are published to [default: mqx/test/ and something random]' -r
complete -c mqx -n "__fish_mqx_using_subcommand test" -l denied -d 'A topic that the user may neither write nor read, to see what the broker says' -r
complete -c mqx -n "__fish_mqx_using_subcommand test" -s h -l host -d 'Host name or address of the broker; of several the next is tried when one fails (repeatable) [default: localhost]' -r
complete -c mqx -n "__fish_mqx_using_subcommand test" -s p -l port -d 'Port of the broker [default: 1883, with TLS 8883]; 8883 means TLS' -r
complete -c mqx -n "__fish_mqx_using_subcommand test" -l unix -d 'Unix socket of the broker' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand test" -l ws-path -d 'Path of the broker for WebSocket [default: /mqtt]' -r
complete -c mqx -n "__fish_mqx_using_subcommand test" -l ws-header -d 'Header of the WebSocket request, as in \'Authorization: Bearer x\' (repeatable)' -r
complete -c mqx -n "__fish_mqx_using_subcommand test" -l proxy -d 'Connect through this proxy: socks5h://, socks5://, http:// or https://[USER:PASSWORD@]HOST[:PORT], or none [default: ALL_PROXY, for wss HTTPS_PROXY before it and for ws http_proxy, unless NO_PROXY has the host]' -r
complete -c mqx -n "__fish_mqx_using_subcommand test" -s A -l bind -d 'Connect from this address of the machine' -r
complete -c mqx -n "__fish_mqx_using_subcommand test" -s u -l username -d 'User name' -r
complete -c mqx -n "__fish_mqx_using_subcommand test" -s P -l password -d 'Password; on this machine everybody can see it, unlike with the next four' -r
complete -c mqx -n "__fish_mqx_using_subcommand test" -l password-file -d 'Take the password from this file' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand test" -l password-env -d 'Take the password from this variable of the environment' -r
complete -c mqx -n "__fish_mqx_using_subcommand test" -l password-command -d 'Take the password from what this command of the shell prints' -r
complete -c mqx -n "__fish_mqx_using_subcommand test" -s k -l keepalive -d 'Seconds of silence after which a ping is sent; 0 for none' -r
complete -c mqx -n "__fish_mqx_using_subcommand test" -s V -l mqtt-version -d 'Version of MQTT: 5, 3.1.1 or 3.1 [default: 5, and 3.1.1 if the broker refuses it]' -r
complete -c mqx -n "__fish_mqx_using_subcommand test" -l connect-timeout -d 'Give up connecting after this time, as in 10, 500ms or 2m' -r
complete -c mqx -n "__fish_mqx_using_subcommand test" -l engine -d 'Whose implementation of MQTT speaks: native (that of mqx) or rumqttc, which cannot speak MQTT 3.1 (-V), cannot send a password that is not text (-P), cannot send an empty user name or password (-u, -P), cannot resolve topic aliases (--topic-alias-maximum), cannot set up topic aliases (--topic-alias), cannot write AUTH (--authentication-method SCRAM-SHA-256), cannot leave messages unacknowledged (--exec with -q 1 or 2, bridges), cannot serve a bridge, cannot send properties in DISCONNECT (--disconnect-...)' -r -f -a "native\t''
rumqttc\t''"
complete -c mqx -n "__fish_mqx_using_subcommand test" -l jwt-key -d 'Sign a token with this private key (PEM) for a password, a new one for every connection' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand test" -l jwt-alg -d 'How to sign it: RS256 or ES256 [default: as the key is made for]' -r
complete -c mqx -n "__fish_mqx_using_subcommand test" -l jwt-aud -d 'Whom it is for (aud; repeatable)' -r
complete -c mqx -n "__fish_mqx_using_subcommand test" -l jwt-sub -d 'Whom it is about (sub) [default: the user name]' -r
complete -c mqx -n "__fish_mqx_using_subcommand test" -l jwt-iss -d 'Whom it is from (iss)' -r
complete -c mqx -n "__fish_mqx_using_subcommand test" -l jwt-kid -d 'Name of the key (kid)' -r
complete -c mqx -n "__fish_mqx_using_subcommand test" -l jwt-claim -d 'Another claim, as in name=value; a value in JSON is taken as that (repeatable)' -r
complete -c mqx -n "__fish_mqx_using_subcommand test" -l jwt-ttl -d 'How long it counts, as in 600 or 1h' -r
complete -c mqx -n "__fish_mqx_using_subcommand test" -l tls -d 'Use TLS; trust the CA in this file, or without one those of the system' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand test" -l cafile -d 'The same as --tls with a CA' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand test" -l capath -d 'Use TLS and trust the CAs in the PEM files of this directory' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand test" -l cert -d 'Use TLS and show this certificate to the broker (PEM)' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand test" -l key -d 'The private key of that certificate (PEM, also encrypted PKCS#8)' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand test" -l p12 -d 'Use TLS and show the certificate in this PKCS#12 file, which has its key too' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand test" -l key-password -d 'Password of the private key, or of the PKCS#12 file; on this machine everybody can see it' -r
complete -c mqx -n "__fish_mqx_using_subcommand test" -l key-password-file -d 'Take the password of the private key from this file' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand test" -l key-password-env -d 'Take the password of the private key from this variable of the environment' -r
complete -c mqx -n "__fish_mqx_using_subcommand test" -l sni -d 'Name to ask the broker for (SNI) and to check its certificate with, in place of the host' -r
complete -c mqx -n "__fish_mqx_using_subcommand test" -l tls-alpn -d 'Application protocol to offer (ALPN), as in mqtt or x-amzn-mqtt-ca (repeatable)' -r
complete -c mqx -n "__fish_mqx_using_subcommand test" -l tls-version -d 'Speak this version of TLS and no other: 1.2 or 1.3' -r
complete -c mqx -n "__fish_mqx_using_subcommand test" -l ciphers -d 'Offer these cipher suites and no others, by their names of IANA or OpenSSL with colons between them; what is not known is told' -r
complete -c mqx -n "__fish_mqx_using_subcommand test" -l tls-keylog -d 'Append the secrets of TLS to this file, for Wireshark [default: that of SSLKEYLOGFILE]' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand test" -l will-topic -d 'Topic of the message the broker publishes when the connection is lost' -r
complete -c mqx -n "__fish_mqx_using_subcommand test" -l will-payload -d 'Its payload [default: empty]' -r
complete -c mqx -n "__fish_mqx_using_subcommand test" -l will-file -d 'Its payload from this file' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand test" -l will-qos -d 'Its quality of service: 0, 1 or 2' -r
complete -c mqx -n "__fish_mqx_using_subcommand test" -l will-delay-interval -d 'Publish it only after this time, as in 10 or 1m (MQTT 5)' -r
complete -c mqx -n "__fish_mqx_using_subcommand test" -l will-message-expiry-interval -d 'Time after which it is worth nothing (MQTT 5)' -r
complete -c mqx -n "__fish_mqx_using_subcommand test" -l will-content-type -d 'What its payload is, as in application/json (MQTT 5)' -r
complete -c mqx -n "__fish_mqx_using_subcommand test" -l will-payload-format-indicator -d 'Whether its payload is UTF-8 text (MQTT 5)' -r
complete -c mqx -n "__fish_mqx_using_subcommand test" -l will-response-topic -d 'Topic for an answer to it (MQTT 5)' -r
complete -c mqx -n "__fish_mqx_using_subcommand test" -l will-correlation-data -d 'What an answer is to repeat: text, hex:... or base64:... (MQTT 5)' -r
complete -c mqx -n "__fish_mqx_using_subcommand test" -l will-user-property -d 'User property of it, as in name=value (repeatable, MQTT 5)' -r
complete -c mqx -n "__fish_mqx_using_subcommand test" -s x -l session-expiry-interval -d 'Keep the session so long after the connection, as in 60, 1h or never (to end)' -r
complete -c mqx -n "__fish_mqx_using_subcommand test" -l receive-maximum -d 'QoS 1 and 2 messages the broker may send before they are answered' -r
complete -c mqx -n "__fish_mqx_using_subcommand test" -l maximum-packet-size -d 'Bytes of the largest packet the broker may send' -r
complete -c mqx -n "__fish_mqx_using_subcommand test" -l topic-alias-maximum -d 'Topic aliases the broker may use' -r
complete -c mqx -n "__fish_mqx_using_subcommand test" -l request-response-information -d 'Ask for the basis of response topics' -r
complete -c mqx -n "__fish_mqx_using_subcommand test" -l request-problem-information -d 'Ask for reasons in words [default: true]' -r
complete -c mqx -n "__fish_mqx_using_subcommand test" -l connect-user-property -d 'User property of CONNECT, as in name=value (repeatable)' -r
complete -c mqx -n "__fish_mqx_using_subcommand test" -l authentication-method -d 'Method of enhanced authentication: SCRAM-SHA-256 takes user and password and checks the broker too; of others only what CONNECT says can be given' -r
complete -c mqx -n "__fish_mqx_using_subcommand test" -l authentication-data -d 'Data of that method: text, hex:... or base64:...' -r
complete -c mqx -n "__fish_mqx_using_subcommand test" -l disconnect-session-expiry-interval -d 'Session expiry in DISCONNECT: from then on this holds' -r
complete -c mqx -n "__fish_mqx_using_subcommand test" -l disconnect-reason -d 'Reason in words in DISCONNECT' -r
complete -c mqx -n "__fish_mqx_using_subcommand test" -l disconnect-user-property -d 'User property of DISCONNECT, as in name=value (repeatable)' -r
complete -c mqx -n "__fish_mqx_using_subcommand test" -s D -l property -d 'Set a property as with mosquitto: connect, publish, subscribe, unsubscribe, disconnect or will, its name and its value; each has an option of its own here' -r
complete -c mqx -n "__fish_mqx_using_subcommand test" -l config -d 'File with the profiles [default: ~/.config/mqx/config.toml]' -r
complete -c mqx -n "__fish_mqx_using_subcommand test" -s o -l config-file -d 'Option file of mosquitto\'s clients' -r
complete -c mqx -n "__fish_mqx_using_subcommand test" -s b -s L -l broker -d 'Broker as a URL: mqtt[s]://[USER[:PASSWORD]@]HOST[:PORT][/TOPIC], ws[s]://...[/PATH] or unix:///PATH (repeatable, as -h); or the name of a profile' -r
complete -c mqx -n "__fish_mqx_using_subcommand test" -l color -d 'Colour what is said on stderr: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mqx -n "__fish_mqx_using_subcommand test" -l json -d 'Say it in JSON'
complete -c mqx -n "__fish_mqx_using_subcommand test" -l ws -d 'Speak MQTT over WebSocket'
complete -c mqx -n "__fish_mqx_using_subcommand test" -l ask-password -d 'Ask for the password at the terminal'
complete -c mqx -n "__fish_mqx_using_subcommand test" -s d -l debug -d 'Say on stderr which packets are sent and received'
complete -c mqx -n "__fish_mqx_using_subcommand test" -l quiet -d 'Say nothing on stderr, not even why it fails: the exit code tells'
complete -c mqx -n "__fish_mqx_using_subcommand test" -l insecure -d 'Use TLS and believe any certificate; for tests only'
complete -c mqx -n "__fish_mqx_using_subcommand test" -l no-tls -d 'Use no TLS, not even with port 8883'
complete -c mqx -n "__fish_mqx_using_subcommand test" -l will-retain -d 'Ask the broker to keep it for later subscribers'
complete -c mqx -n "__fish_mqx_using_subcommand test" -l json-errors -d 'Report the failure that ends the command as JSON on stderr'
complete -c mqx -n "__fish_mqx_using_subcommand test" -l help -d 'Print help'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and not __fish_seen_subcommand_from init ca intermediate server client csr sign inspect verify needs-renewal renew revoke crl bundle bad install uninstall help" -l color -d 'Colour what is said on stderr: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mqx -n "__fish_mqx_using_subcommand certs; and not __fish_seen_subcommand_from init ca intermediate server client csr sign inspect verify needs-renewal renew revoke crl bundle bad install uninstall help" -l json-errors -d 'Report the failure that ends the command as JSON on stderr'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and not __fish_seen_subcommand_from init ca intermediate server client csr sign inspect verify needs-renewal renew revoke crl bundle bad install uninstall help" -l help -d 'Print help'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and not __fish_seen_subcommand_from init ca intermediate server client csr sign inspect verify needs-renewal renew revoke crl bundle bad install uninstall help" -f -a "init" -d 'Make a CA with a certificate for a broker and one for a client'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and not __fish_seen_subcommand_from init ca intermediate server client csr sign inspect verify needs-renewal renew revoke crl bundle bad install uninstall help" -f -a "ca" -d 'Make a CA of your own'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and not __fish_seen_subcommand_from init ca intermediate server client csr sign inspect verify needs-renewal renew revoke crl bundle bad install uninstall help" -f -a "intermediate" -d 'Make a CA below another, to keep the key of that one away'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and not __fish_seen_subcommand_from init ca intermediate server client csr sign inspect verify needs-renewal renew revoke crl bundle bad install uninstall help" -f -a "server" -d 'Make a certificate for a broker'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and not __fish_seen_subcommand_from init ca intermediate server client csr sign inspect verify needs-renewal renew revoke crl bundle bad install uninstall help" -f -a "client" -d 'Make certificates for clients'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and not __fish_seen_subcommand_from init ca intermediate server client csr sign inspect verify needs-renewal renew revoke crl bundle bad install uninstall help" -f -a "csr" -d 'Make a request for a certificate, for another CA to sign'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and not __fish_seen_subcommand_from init ca intermediate server client csr sign inspect verify needs-renewal renew revoke crl bundle bad install uninstall help" -f -a "sign" -d 'Sign requests for certificates'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and not __fish_seen_subcommand_from init ca intermediate server client csr sign inspect verify needs-renewal renew revoke crl bundle bad install uninstall help" -f -a "inspect" -d 'Print what a certificate, request, revocation list or server says'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and not __fish_seen_subcommand_from init ca intermediate server client csr sign inspect verify needs-renewal renew revoke crl bundle bad install uninstall help" -f -a "verify" -d 'Check whether a certificate would be believed, and why not'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and not __fish_seen_subcommand_from init ca intermediate server client csr sign inspect verify needs-renewal renew revoke crl bundle bad install uninstall help" -f -a "needs-renewal" -d 'Fail if a certificate ends soon, for cron'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and not __fish_seen_subcommand_from init ca intermediate server client csr sign inspect verify needs-renewal renew revoke crl bundle bad install uninstall help" -f -a "renew" -d 'Make certificates valid for longer'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and not __fish_seen_subcommand_from init ca intermediate server client csr sign inspect verify needs-renewal renew revoke crl bundle bad install uninstall help" -f -a "revoke" -d 'Revoke certificates, and write the list for brokers'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and not __fish_seen_subcommand_from init ca intermediate server client csr sign inspect verify needs-renewal renew revoke crl bundle bad install uninstall help" -f -a "crl" -d 'Write the list of revoked certificates again, before it ends'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and not __fish_seen_subcommand_from init ca intermediate server client csr sign inspect verify needs-renewal renew revoke crl bundle bad install uninstall help" -f -a "bundle" -d 'Put a certificate and its key together for other programs and devices'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and not __fish_seen_subcommand_from init ca intermediate server client csr sign inspect verify needs-renewal renew revoke crl bundle bad install uninstall help" -f -a "bad" -d 'Make certificates that clients and brokers have to refuse'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and not __fish_seen_subcommand_from init ca intermediate server client csr sign inspect verify needs-renewal renew revoke crl bundle bad install uninstall help" -f -a "install" -d 'Make this system trust a CA'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and not __fish_seen_subcommand_from init ca intermediate server client csr sign inspect verify needs-renewal renew revoke crl bundle bad install uninstall help" -f -a "uninstall" -d 'Make this system no longer trust a CA'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and not __fish_seen_subcommand_from init ca intermediate server client csr sign inspect verify needs-renewal renew revoke crl bundle bad install uninstall help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from init" -l dir -d 'Write the files here, into the folder of the CA; it is made if it is missing' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from init" -l host -d 'Make the server certificate for this host name or IP address as well (repeatable; *.example.org stands for every host of example.org)' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from init" -l client-name -d 'The common name of the client certificate' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from init" -l subject -d 'What the subjects of all three begin with, as in C=TW,ST=Taipei,O=FOO' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from init" -l days -d 'How many days the certificates are valid, not counting those of CAs' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from init" -l print -d 'Print the configuration that uses the files: of mosquitto, emqx, nanomq, mqx, paho-python, mqttjs or esp-idf' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from init" -l key-type -d 'Kind of the new key: p256, p384, ed25519, rsa2048, rsa3072 or rsa4096' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from init" -l key-password -d 'Encrypt the new key with this password; on this machine everybody can see it' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from init" -l key-password-file -d 'Encrypt the new key with the password in this file' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from init" -l key-password-env -d 'Encrypt the new key with the password in this variable of the environment' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from init" -l color -d 'Colour what is said on stderr: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from init" -l force -d 'Replace files that exist'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from init" -l json -d 'Say what was made in JSON, a line for each certificate'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from init" -l json-errors -d 'Report the failure that ends the command as JSON on stderr'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from init" -l help -d 'Print help'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from ca" -l path-length -d 'How many CAs may be in a row below it' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from ca" -l dir -d 'Write the files here, into the folder of the CA; it is made if it is missing' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from ca" -l common-name -d 'Common name of the CA [default: mqx CA and a random number]' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from ca" -l subject -d 'What its subject begins with, as in C=TW,ST=Taipei,O=FOO,OU=BAR' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from ca" -l days -d 'How many days it is valid' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from ca" -l key-type -d 'Kind of the new key: p256, p384, ed25519, rsa2048, rsa3072 or rsa4096' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from ca" -l key-password -d 'Encrypt the new key with this password; on this machine everybody can see it' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from ca" -l key-password-file -d 'Encrypt the new key with the password in this file' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from ca" -l key-password-env -d 'Encrypt the new key with the password in this variable of the environment' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from ca" -l color -d 'Colour what is said on stderr: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from ca" -l force -d 'Replace files that exist'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from ca" -l json -d 'Say what was made in JSON, a line for each certificate'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from ca" -l json-errors -d 'Report the failure that ends the command as JSON on stderr'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from ca" -l help -d 'Print help'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from intermediate" -l path-length -d 'How many CAs may be in a row below it' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from intermediate" -l dir -d 'Write the files here, into the folder of the CA; it is made if it is missing' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from intermediate" -l common-name -d 'Common name of the CA [default: mqx CA and a random number]' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from intermediate" -l subject -d 'What its subject begins with, as in C=TW,ST=Taipei,O=FOO,OU=BAR' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from intermediate" -l days -d 'How many days it is valid' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from intermediate" -l key-type -d 'Kind of the new key: p256, p384, ed25519, rsa2048, rsa3072 or rsa4096' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from intermediate" -l key-password -d 'Encrypt the new key with this password; on this machine everybody can see it' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from intermediate" -l key-password-file -d 'Encrypt the new key with the password in this file' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from intermediate" -l key-password-env -d 'Encrypt the new key with the password in this variable of the environment' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from intermediate" -l ca -d 'Certificate of the CA that signs (PEM), of openssl or of a CA below yours [default: ca.crt in --dir]' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from intermediate" -l ca-key -d 'Key of that CA (PEM) [default: beside its certificate, ending in .key]' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from intermediate" -l ca-key-password -d 'Password of the CA\'s key; on this machine everybody can see it' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from intermediate" -l ca-key-password-file -d 'Take the password of the CA\'s key from this file' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from intermediate" -l ca-key-password-env -d 'Take the password of the CA\'s key from this variable of the environment' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from intermediate" -l color -d 'Colour what is said on stderr: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from intermediate" -l force -d 'Replace files that exist'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from intermediate" -l json -d 'Say what was made in JSON, a line for each certificate'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from intermediate" -l json-errors -d 'Report the failure that ends the command as JSON on stderr'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from intermediate" -l help -d 'Print help'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from server" -l dir -d 'Write the files here, into the folder of the CA; it is made if it is missing' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from server" -l subject -d 'What the subject begins with, as in C=TW,ST=Taipei,O=FOO,OU=BAR' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from server" -l name -d 'What the files are called, without what stands behind the dot [default: as the first name of the certificate]' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from server" -l key-type -d 'Kind of the new key: p256, p384, ed25519, rsa2048, rsa3072 or rsa4096' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from server" -l key-password -d 'Encrypt the new key with this password; on this machine everybody can see it' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from server" -l key-password-file -d 'Encrypt the new key with the password in this file' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from server" -l key-password-env -d 'Encrypt the new key with the password in this variable of the environment' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from server" -l days -d 'How many days the certificates are valid, not counting those of CAs' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from server" -l print -d 'Print the configuration that uses the files: of mosquitto, emqx, nanomq, mqx, paho-python, mqttjs or esp-idf' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from server" -l ca -d 'Certificate of the CA that signs (PEM), of openssl or of a CA below yours [default: ca.crt in --dir]' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from server" -l ca-key -d 'Key of that CA (PEM) [default: beside its certificate, ending in .key]' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from server" -l ca-key-password -d 'Password of the CA\'s key; on this machine everybody can see it' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from server" -l ca-key-password-file -d 'Take the password of the CA\'s key from this file' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from server" -l ca-key-password-env -d 'Take the password of the CA\'s key from this variable of the environment' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from server" -l color -d 'Colour what is said on stderr: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from server" -l force -d 'Replace files that exist'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from server" -l json -d 'Say what was made in JSON, a line for each certificate'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from server" -l json-errors -d 'Report the failure that ends the command as JSON on stderr'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from server" -l help -d 'Print help'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from client" -l san -d 'Another subjectAltName: a URI, an e-mail address or a host (repeatable)' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from client" -l dir -d 'Write the files here, into the folder of the CA; it is made if it is missing' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from client" -l subject -d 'What the subject begins with, as in C=TW,ST=Taipei,O=FOO,OU=BAR' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from client" -l name -d 'What the files are called, without what stands behind the dot [default: as the first name of the certificate]' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from client" -l key-type -d 'Kind of the new key: p256, p384, ed25519, rsa2048, rsa3072 or rsa4096' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from client" -l key-password -d 'Encrypt the new key with this password; on this machine everybody can see it' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from client" -l key-password-file -d 'Encrypt the new key with the password in this file' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from client" -l key-password-env -d 'Encrypt the new key with the password in this variable of the environment' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from client" -l days -d 'How many days the certificates are valid, not counting those of CAs' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from client" -l print -d 'Print the configuration that uses the files: of mosquitto, emqx, nanomq, mqx, paho-python, mqttjs or esp-idf' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from client" -l ca -d 'Certificate of the CA that signs (PEM), of openssl or of a CA below yours [default: ca.crt in --dir]' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from client" -l ca-key -d 'Key of that CA (PEM) [default: beside its certificate, ending in .key]' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from client" -l ca-key-password -d 'Password of the CA\'s key; on this machine everybody can see it' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from client" -l ca-key-password-file -d 'Take the password of the CA\'s key from this file' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from client" -l ca-key-password-env -d 'Take the password of the CA\'s key from this variable of the environment' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from client" -l color -d 'Colour what is said on stderr: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from client" -l force -d 'Replace files that exist'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from client" -l json -d 'Say what was made in JSON, a line for each certificate'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from client" -l json-errors -d 'Report the failure that ends the command as JSON on stderr'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from client" -l help -d 'Print help'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from csr" -l dir -d 'Write the files here, into the folder of the CA; it is made if it is missing' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from csr" -l subject -d 'What the subject begins with, as in C=TW,ST=Taipei,O=FOO,OU=BAR' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from csr" -l name -d 'What the files are called, without what stands behind the dot [default: as the first name of the certificate]' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from csr" -l key-type -d 'Kind of the new key: p256, p384, ed25519, rsa2048, rsa3072 or rsa4096' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from csr" -l key-password -d 'Encrypt the new key with this password; on this machine everybody can see it' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from csr" -l key-password-file -d 'Encrypt the new key with the password in this file' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from csr" -l key-password-env -d 'Encrypt the new key with the password in this variable of the environment' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from csr" -l color -d 'Colour what is said on stderr: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from csr" -l client -d 'Ask for the certificate of a client'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from csr" -l force -d 'Replace files that exist'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from csr" -l json -d 'Say what was made in JSON, a line for each certificate'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from csr" -l json-errors -d 'Report the failure that ends the command as JSON on stderr'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from csr" -l help -d 'Print help'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from sign" -l host -d 'A host name or IP address beside those that are asked for (repeatable)' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from sign" -l dir -d 'Write the files here, into the folder of the CA; it is made if it is missing' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from sign" -l days -d 'How many days the certificates are valid, not counting those of CAs' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from sign" -l ca -d 'Certificate of the CA that signs (PEM), of openssl or of a CA below yours [default: ca.crt in --dir]' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from sign" -l ca-key -d 'Key of that CA (PEM) [default: beside its certificate, ending in .key]' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from sign" -l ca-key-password -d 'Password of the CA\'s key; on this machine everybody can see it' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from sign" -l ca-key-password-file -d 'Take the password of the CA\'s key from this file' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from sign" -l ca-key-password-env -d 'Take the password of the CA\'s key from this variable of the environment' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from sign" -l color -d 'Colour what is said on stderr: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from sign" -l server -d 'Make it the certificate of a server [default: if it names a host]'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from sign" -l client -d 'Make it the certificate of a client [default: if it names no host]'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from sign" -l force -d 'Replace files that exist'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from sign" -l json -d 'Say what was made in JSON, a line for each certificate'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from sign" -l json-errors -d 'Report the failure that ends the command as JSON on stderr'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from sign" -l help -d 'Print help'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from inspect" -l sni -d 'Name to ask the server for (SNI) in place of the host' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from inspect" -l connect-timeout -d 'How long the server may take' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from inspect" -l key -d 'Say whether this private key (PEM) belongs to the certificate' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from inspect" -l key-password -d 'Password of that key; on this machine everybody can see it' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from inspect" -l key-password-file -d 'Take the password of that key from this file' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from inspect" -l color -d 'Colour what is said on stderr: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from inspect" -l json -d 'Say it in JSON'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from inspect" -l json-errors -d 'Report the failure that ends the command as JSON on stderr'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from inspect" -l help -d 'Print help'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from verify" -l sni -d 'Name to ask the server for (SNI) in place of the host' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from verify" -l connect-timeout -d 'How long the server may take' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from verify" -l cafile -d 'CA that has to have signed it (PEM) [default: those of the system]' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from verify" -l host -d 'Host that a server\'s certificate has to be for' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from verify" -l crlfile -l crl -d 'Lists of what the CAs have revoked (PEM)' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from verify" -l color -d 'Colour what is said on stderr: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from verify" -l json -d 'Say it in JSON'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from verify" -l client -d 'Check it as the certificate of a client'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from verify" -l json-errors -d 'Report the failure that ends the command as JSON on stderr'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from verify" -l help -d 'Print help'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from needs-renewal" -l sni -d 'Name to ask the server for (SNI) in place of the host' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from needs-renewal" -l connect-timeout -d 'How long the server may take' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from needs-renewal" -l within -d 'How much time there has to be' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from needs-renewal" -l color -d 'Colour what is said on stderr: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from needs-renewal" -l json -d 'Say it in JSON'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from needs-renewal" -l json-errors -d 'Report the failure that ends the command as JSON on stderr'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from needs-renewal" -l help -d 'Print help'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from renew" -l dir -d 'Folder of the CA that signs [default: that of each file]' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from renew" -l days -d 'How many days they are valid [default: as long as new ones]' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from renew" -l key-type -d 'Kind of the new key: p256, p384, ed25519, rsa2048, rsa3072 or rsa4096' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from renew" -l key-password -d 'Encrypt the new key with this password; on this machine everybody can see it' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from renew" -l key-password-file -d 'Encrypt the new key with the password in this file' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from renew" -l key-password-env -d 'Encrypt the new key with the password in this variable of the environment' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from renew" -l ca -d 'Certificate of the CA that signs (PEM), of openssl or of a CA below yours [default: ca.crt in --dir]' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from renew" -l ca-key -d 'Key of that CA (PEM) [default: beside its certificate, ending in .key]' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from renew" -l ca-key-password -d 'Password of the CA\'s key; on this machine everybody can see it' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from renew" -l ca-key-password-file -d 'Take the password of the CA\'s key from this file' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from renew" -l ca-key-password-env -d 'Take the password of the CA\'s key from this variable of the environment' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from renew" -l color -d 'Colour what is said on stderr: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from renew" -l new-key -d 'Make new keys too, in the .key files beside the certificates'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from renew" -l json -d 'Say what was made in JSON'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from renew" -l json-errors -d 'Report the failure that ends the command as JSON on stderr'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from renew" -l help -d 'Print help'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from revoke" -l reason -d 'Why: keyCompromise, superseded, affiliationChanged, cessationOfOperation, privilegeWithdrawn or unspecified' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from revoke" -l dir -d 'Folder of the CA' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from revoke" -l days -d 'In how many days brokers need a new list; they turn all clients away after' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from revoke" -l ca -d 'Certificate of the CA that signs (PEM), of openssl or of a CA below yours [default: ca.crt in --dir]' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from revoke" -l ca-key -d 'Key of that CA (PEM) [default: beside its certificate, ending in .key]' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from revoke" -l ca-key-password -d 'Password of the CA\'s key; on this machine everybody can see it' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from revoke" -l ca-key-password-file -d 'Take the password of the CA\'s key from this file' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from revoke" -l ca-key-password-env -d 'Take the password of the CA\'s key from this variable of the environment' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from revoke" -l color -d 'Colour what is said on stderr: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from revoke" -l json -d 'Say it in JSON'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from revoke" -l json-errors -d 'Report the failure that ends the command as JSON on stderr'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from revoke" -l help -d 'Print help'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from crl" -l dir -d 'Folder of the CA' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from crl" -l days -d 'In how many days brokers need a new list; they turn all clients away after' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from crl" -l ca -d 'Certificate of the CA that signs (PEM), of openssl or of a CA below yours [default: ca.crt in --dir]' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from crl" -l ca-key -d 'Key of that CA (PEM) [default: beside its certificate, ending in .key]' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from crl" -l ca-key-password -d 'Password of the CA\'s key; on this machine everybody can see it' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from crl" -l ca-key-password-file -d 'Take the password of the CA\'s key from this file' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from crl" -l ca-key-password-env -d 'Take the password of the CA\'s key from this variable of the environment' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from crl" -l color -d 'Colour what is said on stderr: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from crl" -l json -d 'Say it in JSON'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from crl" -l json-errors -d 'Report the failure that ends the command as JSON on stderr'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from crl" -l help -d 'Print help'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from bundle" -s f -l format -d 'How: pem (the whole chain), p12 (PKCS#12 for Windows and Java), der (for devices) or header (of C, for firmware)' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from bundle" -l key -d 'Private key of the certificate [default: beside it, ending in .key]' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from bundle" -l key-password -d 'Password of that key; on this machine everybody can see it' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from bundle" -l key-password-file -d 'Take the password of that key from this file' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from bundle" -l cafile -d 'CA at the top of the chain [default: ca.crt beside the certificate]' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from bundle" -l password -d 'Encrypt PKCS#12 with this password; on this machine everybody can see it' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from bundle" -l password-file -d 'Encrypt PKCS#12 with the password in this file' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from bundle" -l password-env -d 'Encrypt PKCS#12 with the password in this variable of the environment' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from bundle" -l dir -d 'Write the files here, into the folder of the CA; it is made if it is missing' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from bundle" -l color -d 'Colour what is said on stderr: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from bundle" -l force -d 'Replace files that exist'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from bundle" -l json -d 'Say what was made in JSON, a line for each certificate'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from bundle" -l json-errors -d 'Report the failure that ends the command as JSON on stderr'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from bundle" -l help -d 'Print help'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from bad" -l host -d 'What the certificates would be for (repeatable)' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from bad" -l dir -d 'Write the files here, into the folder of the CA; it is made if it is missing' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from bad" -l ca -d 'Certificate of the CA that signs (PEM), of openssl or of a CA below yours [default: ca.crt in --dir]' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from bad" -l ca-key -d 'Key of that CA (PEM) [default: beside its certificate, ending in .key]' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from bad" -l ca-key-password -d 'Password of the CA\'s key; on this machine everybody can see it' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from bad" -l ca-key-password-file -d 'Take the password of the CA\'s key from this file' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from bad" -l ca-key-password-env -d 'Take the password of the CA\'s key from this variable of the environment' -r
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from bad" -l color -d 'Colour what is said on stderr: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from bad" -l force -d 'Replace files that exist'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from bad" -l json -d 'Say what was made in JSON, a line for each certificate'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from bad" -l json-errors -d 'Report the failure that ends the command as JSON on stderr'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from bad" -l help -d 'Print help'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from install" -l root -d 'Root of the system whose store it is, for tests' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from install" -l color -d 'Colour what is said on stderr: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from install" -l json -d 'Say it in JSON'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from install" -l json-errors -d 'Report the failure that ends the command as JSON on stderr'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from install" -l help -d 'Print help'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from uninstall" -l root -d 'Root of the system whose store it is, for tests' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from uninstall" -l color -d 'Colour what is said on stderr: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from uninstall" -l json -d 'Say it in JSON'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from uninstall" -l json-errors -d 'Report the failure that ends the command as JSON on stderr'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from uninstall" -l help -d 'Print help'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from help" -f -a "init" -d 'Make a CA with a certificate for a broker and one for a client'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from help" -f -a "ca" -d 'Make a CA of your own'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from help" -f -a "intermediate" -d 'Make a CA below another, to keep the key of that one away'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from help" -f -a "server" -d 'Make a certificate for a broker'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from help" -f -a "client" -d 'Make certificates for clients'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from help" -f -a "csr" -d 'Make a request for a certificate, for another CA to sign'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from help" -f -a "sign" -d 'Sign requests for certificates'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from help" -f -a "inspect" -d 'Print what a certificate, request, revocation list or server says'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from help" -f -a "verify" -d 'Check whether a certificate would be believed, and why not'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from help" -f -a "needs-renewal" -d 'Fail if a certificate ends soon, for cron'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from help" -f -a "renew" -d 'Make certificates valid for longer'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from help" -f -a "revoke" -d 'Revoke certificates, and write the list for brokers'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from help" -f -a "crl" -d 'Write the list of revoked certificates again, before it ends'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from help" -f -a "bundle" -d 'Put a certificate and its key together for other programs and devices'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from help" -f -a "bad" -d 'Make certificates that clients and brokers have to refuse'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from help" -f -a "install" -d 'Make this system trust a CA'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from help" -f -a "uninstall" -d 'Make this system no longer trust a CA'
complete -c mqx -n "__fish_mqx_using_subcommand certs; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mqx -n "__fish_mqx_using_subcommand profile; and not __fish_seen_subcommand_from ls show add rm import help" -l config -d 'File with the profiles [default: ~/.config/mqx/config.toml]' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand profile; and not __fish_seen_subcommand_from ls show add rm import help" -l color -d 'Colour what is said on stderr: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mqx -n "__fish_mqx_using_subcommand profile; and not __fish_seen_subcommand_from ls show add rm import help" -l json-errors -d 'Report the failure that ends the command as JSON on stderr'
complete -c mqx -n "__fish_mqx_using_subcommand profile; and not __fish_seen_subcommand_from ls show add rm import help" -l help -d 'Print help'
complete -c mqx -n "__fish_mqx_using_subcommand profile; and not __fish_seen_subcommand_from ls show add rm import help" -f -a "ls" -d 'Name the profiles and their brokers'
complete -c mqx -n "__fish_mqx_using_subcommand profile; and not __fish_seen_subcommand_from ls show add rm import help" -f -a "show" -d 'Show what a profile says, but for its secrets'
complete -c mqx -n "__fish_mqx_using_subcommand profile; and not __fish_seen_subcommand_from ls show add rm import help" -f -a "add" -d 'Add a profile with options of the clients'
complete -c mqx -n "__fish_mqx_using_subcommand profile; and not __fish_seen_subcommand_from ls show add rm import help" -f -a "rm" -d 'Remove a profile'
complete -c mqx -n "__fish_mqx_using_subcommand profile; and not __fish_seen_subcommand_from ls show add rm import help" -f -a "import" -d 'Make profiles of what mosquitto\'s clients, MQTTX or `HiveMQ`\'s tool know'
complete -c mqx -n "__fish_mqx_using_subcommand profile; and not __fish_seen_subcommand_from ls show add rm import help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from ls" -l color -d 'Colour what is said on stderr: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from ls" -l json-errors -d 'Report the failure that ends the command as JSON on stderr'
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from ls" -l help -d 'Print help'
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from show" -l color -d 'Colour what is said on stderr: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from show" -l json-errors -d 'Report the failure that ends the command as JSON on stderr'
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from show" -l help -d 'Print help'
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -s i -l id -d 'Client identifier; %h stands for this machine, %p for the process, %r for something random, %u for the user name [default: the broker chooses one]' -r
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -s I -l id-prefix -d 'Client identifier that begins with this and ends with the number of the process' -r
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -s h -l host -d 'Host name or address of the broker; of several the next is tried when one fails (repeatable) [default: localhost]' -r
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -s p -l port -d 'Port of the broker [default: 1883, with TLS 8883]; 8883 means TLS' -r
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -s b -l broker -d 'Broker as a URL: mqtt[s]://[USER[:PASSWORD]@]HOST[:PORT][/TOPIC], ws[s]://...[/PATH] or unix:///PATH (repeatable, as -h); or the name of a profile' -r
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -l unix -d 'Unix socket of the broker' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -l ws-path -d 'Path of the broker for WebSocket [default: /mqtt]' -r
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -l ws-header -d 'Header of the WebSocket request, as in \'Authorization: Bearer x\' (repeatable)' -r
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -l proxy -d 'Connect through this proxy: socks5h://, socks5://, http:// or https://[USER:PASSWORD@]HOST[:PORT], or none [default: ALL_PROXY, for wss HTTPS_PROXY before it and for ws http_proxy, unless NO_PROXY has the host]' -r
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -s A -l bind -d 'Connect from this address of the machine' -r
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -s u -l username -d 'User name' -r
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -s P -l password -d 'Password; on this machine everybody can see it, unlike with the next four' -r
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -l password-file -d 'Take the password from this file' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -l password-env -d 'Take the password from this variable of the environment' -r
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -l password-command -d 'Take the password from what this command of the shell prints' -r
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -s k -l keepalive -d 'Seconds of silence after which a ping is sent; 0 for none' -r
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -s V -l mqtt-version -d 'Version of MQTT: 5, 3.1.1 or 3.1 [default: 5, and 3.1.1 if the broker refuses it]' -r
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -l connect-timeout -d 'Give up connecting after this time, as in 10, 500ms or 2m' -r
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -l engine -d 'Whose implementation of MQTT speaks: native (that of mqx) or rumqttc, which cannot speak MQTT 3.1 (-V), cannot send a password that is not text (-P), cannot send an empty user name or password (-u, -P), cannot resolve topic aliases (--topic-alias-maximum), cannot set up topic aliases (--topic-alias), cannot write AUTH (--authentication-method SCRAM-SHA-256), cannot leave messages unacknowledged (--exec with -q 1 or 2, bridges), cannot serve a bridge, cannot send properties in DISCONNECT (--disconnect-...)' -r -f -a "native\t''
rumqttc\t''"
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -l jwt-key -d 'Sign a token with this private key (PEM) for a password, a new one for every connection' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -l jwt-alg -d 'How to sign it: RS256 or ES256 [default: as the key is made for]' -r
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -l jwt-aud -d 'Whom it is for (aud; repeatable)' -r
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -l jwt-sub -d 'Whom it is about (sub) [default: the user name]' -r
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -l jwt-iss -d 'Whom it is from (iss)' -r
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -l jwt-kid -d 'Name of the key (kid)' -r
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -l jwt-claim -d 'Another claim, as in name=value; a value in JSON is taken as that (repeatable)' -r
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -l jwt-ttl -d 'How long it counts, as in 600 or 1h' -r
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -l tls -d 'Use TLS; trust the CA in this file, or without one those of the system' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -l cafile -d 'The same as --tls with a CA' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -l capath -d 'Use TLS and trust the CAs in the PEM files of this directory' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -l cert -d 'Use TLS and show this certificate to the broker (PEM)' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -l key -d 'The private key of that certificate (PEM, also encrypted PKCS#8)' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -l p12 -d 'Use TLS and show the certificate in this PKCS#12 file, which has its key too' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -l key-password -d 'Password of the private key, or of the PKCS#12 file; on this machine everybody can see it' -r
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -l key-password-file -d 'Take the password of the private key from this file' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -l key-password-env -d 'Take the password of the private key from this variable of the environment' -r
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -l sni -d 'Name to ask the broker for (SNI) and to check its certificate with, in place of the host' -r
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -l tls-alpn -d 'Application protocol to offer (ALPN), as in mqtt or x-amzn-mqtt-ca (repeatable)' -r
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -l tls-version -d 'Speak this version of TLS and no other: 1.2 or 1.3' -r
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -l ciphers -d 'Offer these cipher suites and no others, by their names of IANA or OpenSSL with colons between them; what is not known is told' -r
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -l tls-keylog -d 'Append the secrets of TLS to this file, for Wireshark [default: that of SSLKEYLOGFILE]' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -l will-topic -d 'Topic of the message the broker publishes when the connection is lost' -r
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -l will-payload -d 'Its payload [default: empty]' -r
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -l will-file -d 'Its payload from this file' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -l will-qos -d 'Its quality of service: 0, 1 or 2' -r
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -l will-delay-interval -d 'Publish it only after this time, as in 10 or 1m (MQTT 5)' -r
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -l will-message-expiry-interval -d 'Time after which it is worth nothing (MQTT 5)' -r
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -l will-content-type -d 'What its payload is, as in application/json (MQTT 5)' -r
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -l will-payload-format-indicator -d 'Whether its payload is UTF-8 text (MQTT 5)' -r
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -l will-response-topic -d 'Topic for an answer to it (MQTT 5)' -r
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -l will-correlation-data -d 'What an answer is to repeat: text, hex:... or base64:... (MQTT 5)' -r
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -l will-user-property -d 'User property of it, as in name=value (repeatable, MQTT 5)' -r
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -s x -l session-expiry-interval -d 'Keep the session so long after the connection, as in 60, 1h or never (to end)' -r
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -l receive-maximum -d 'QoS 1 and 2 messages the broker may send before they are answered' -r
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -l maximum-packet-size -d 'Bytes of the largest packet the broker may send' -r
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -l topic-alias-maximum -d 'Topic aliases the broker may use' -r
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -l request-response-information -d 'Ask for the basis of response topics' -r
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -l request-problem-information -d 'Ask for reasons in words [default: true]' -r
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -l connect-user-property -d 'User property of CONNECT, as in name=value (repeatable)' -r
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -l authentication-method -d 'Method of enhanced authentication: SCRAM-SHA-256 takes user and password and checks the broker too; of others only what CONNECT says can be given' -r
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -l authentication-data -d 'Data of that method: text, hex:... or base64:...' -r
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -l disconnect-session-expiry-interval -d 'Session expiry in DISCONNECT: from then on this holds' -r
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -l disconnect-reason -d 'Reason in words in DISCONNECT' -r
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -l disconnect-user-property -d 'User property of DISCONNECT, as in name=value (repeatable)' -r
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -s D -l property -d 'Set a property as with mosquitto: connect, publish, subscribe, unsubscribe, disconnect or will, its name and its value; each has an option of its own here' -r
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -l config -d 'File with the profiles [default: ~/.config/mqx/config.toml]' -r
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -s o -l config-file -d 'Option file of mosquitto\'s clients' -r
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -l color -d 'Colour what is said on stderr: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -l replace -d 'Put it in the place of one of the same name'
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -s c -l disable-clean-session -d 'Go on with the session of this client identifier, and keep it; without -x for ever'
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -l ws -d 'Speak MQTT over WebSocket'
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -l ask-password -d 'Ask for the password at the terminal'
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -s d -l debug -d 'Say on stderr which packets are sent and received'
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -l quiet -d 'Say nothing on stderr, not even why it fails: the exit code tells'
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -l insecure -d 'Use TLS and believe any certificate; for tests only'
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -l no-tls -d 'Use no TLS, not even with port 8883'
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -l will-retain -d 'Ask the broker to keep it for later subscribers'
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -l json-errors -d 'Report the failure that ends the command as JSON on stderr'
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from add" -l help -d 'Print help'
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from rm" -l color -d 'Colour what is said on stderr: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from rm" -l json-errors -d 'Report the failure that ends the command as JSON on stderr'
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from rm" -l help -d 'Print help'
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from import" -l name -d 'Name of the profile, where the file has none [default: that of the file]' -r
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from import" -l color -d 'Colour what is said on stderr: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from import" -l replace -d 'Put them in the place of those of the same name'
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from import" -l json-errors -d 'Report the failure that ends the command as JSON on stderr'
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from import" -l help -d 'Print help'
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from help" -f -a "ls" -d 'Name the profiles and their brokers'
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from help" -f -a "show" -d 'Show what a profile says, but for its secrets'
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from help" -f -a "add" -d 'Add a profile with options of the clients'
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from help" -f -a "rm" -d 'Remove a profile'
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from help" -f -a "import" -d 'Make profiles of what mosquitto\'s clients, MQTTX or `HiveMQ`\'s tool know'
complete -c mqx -n "__fish_mqx_using_subcommand profile; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -s c -l config -d 'File with options; what is typed and what the environment says come first' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -s p -l port -d 'Port for MQTT over TCP; 0 takes a free one, which the first line names. WebSocket is taken there too, and TLS if there is a certificate [default: 1883]' -r
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l unix -d 'Unix socket to listen at; one left behind by a broker is replaced' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l tls-port -d 'Port for MQTT over TLS; 0 takes a free one [default: 8883]' -r
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l ws-port -d 'Port for WebSocket only; 0 takes a free one' -r
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l http-port -d 'Port for HTTP only: /healthz, /metrics and /api/v1; 0 takes a free one. The port of MQTT serves them too' -r
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l bind -d 'Address to listen on; 0.0.0.0 lets other machines in [default: this machine only]' -r
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l bind-interface -d 'Network interface to listen on, such as eth0, with every address that it has unless --bind names one' -r
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l ws-path -d 'Path that WebSocket clients ask for; * is any' -r
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l ws-origin -d 'Origin of web pages that may connect, as `https://example.org` (repeatable); * is any [default: this machine]' -r
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l tls -d 'auto: show a certificate that the broker keeps itself, and opens the TLS port' -r -f -a "auto\t'The broker makes and renews it'"
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l tls-dir -d 'Where --tls auto and --tls-lab keep their files' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l tls-host -d 'A host name or address that the certificate of --tls auto is for too (repeatable)' -r
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l cert -d 'Server certificate with its chain (PEM); opens the TLS port. The file that SSLKEYLOGFILE names gets the secrets, for Wireshark' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l key -d 'Private key of the server certificate (PEM)' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l key-password-file -d 'Password of that key, in a file; for a key that is encrypted' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l cafile -d 'CA that client certificates are checked against (PEM)' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l capath -d 'The same of the CAs in the files of this directory, which `openssl rehash` has prepared; goes together with --cafile' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l tls-min-version -d 'Oldest version of TLS that is spoken: 1.2 or 1.3 [default: 1.2]' -r
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l tls-max-version -d 'Newest version of TLS that is spoken: 1.2 or 1.3 [default: 1.3]' -r
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l tls-alpn -d 'Application protocol to agree on with clients that offer any (ALPN), as in mqtt; those that offer none of these are refused (repeatable)' -r
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l crlfile -l crl -d 'Certificates that the CAs of clients have revoked (PEM); each of them needs a list in it that is not out of date' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l password-file -d 'Users and their passwords, in the format of mosquitto' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l jwt-key -d 'Key that JSON Web Tokens are signed with: a client with such a token for a password is let in until the token ends' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l jwt-user-claim -d 'Claim of a token that must be the user name of the client' -r
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l jwt-audience -d 'Audience a token must be for (repeatable; one is enough)' -r
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l jwt-issuer -d 'Issuer a token must be from (repeatable; one is enough)' -r
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l accept-versions -d 'Versions of MQTT taken, with commas between: 5, 3.1.1 and 3.1 [default: all]' -r
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l auto-id-prefix -d 'What the identifiers begin with that the broker gives' -r
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l client-id-prefix -d 'Refuse clients whose identifier begins with something else' -r
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l mount-point -d 'What stands before every topic of the clients here, who never see it' -r
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l tls-lab-port -d 'The first of the ports of --tls-lab, which follow one another; 0 takes free ones' -r
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l acl-file -d 'Who may read and write which topics, in the format of mosquitto' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l acl-subscribe-check -d 'Refuse a subscription that the rules allow no message of' -r -f -a "true\t''
false\t''"
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l max-qos -d 'Highest QoS taken and granted: 0, 1 or 2' -r
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l receive-maximum -d 'QoS 2 messages taken from a client at once, announced as Receive Maximum' -r
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l max-packet-size -d 'Bytes of the largest packet taken' -r
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l max-keepalive -d 'Seconds of silence a client of version 5 may ask for; more or 0 is answered with this Server Keep Alive [default: any]' -r
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l topic-alias-maximum -d 'Topic aliases taken from a client' -r
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l topic-aliases-sent -d 'Topic aliases given to a client that takes them; mosquitto\'s `max_topic_alias_broker`' -r
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l response-information -d 'What Response Information begins with; the client identifier and a slash follow. Clients that ask for it use it for their response topics [default: none is given]' -r
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l max-inflight -d 'QoS 1 and 2 messages in flight to one client, if that takes as many' -r
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l max-queued -d 'Messages that wait for one client at most' -r
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l max-connections -d 'Clients connected at once [default: any number]' -r
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l max-publish-rate -d 'Messages a connection may publish in a second; one that is faster is not read for a while [default: any number]' -r
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l max-publish-bytes -d 'Bytes of messages a connection may publish in a second [default: any number]' -r
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l max-payload -d 'Bytes of the largest payload taken; a larger message is acknowledged and goes to nobody. A client is not told beforehand: --max-packet-size is announced [default: any]' -r
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l max-queued-bytes -d 'Bytes of messages that wait for one client at most' -r
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l max-output -d 'Bytes of output above which a client is slow' -r
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l slow-consumer -d 'What becomes of a client that is slow: it does not get the newest messages of QoS 0 or not the oldest that wait, or it is cut off' -r -f -a "drop-newest\t''
drop-oldest\t''
disconnect\t''"
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l backpressure -d 'Seconds that those who publish for a client that is slow, or whose queue is full, wait for it at most: they are not read until it has caught up' -r
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l max-subscriptions -d 'Filters one client may have subscribed [default: any number]' -r
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l max-topic-levels -d 'Levels of a topic or a filter' -r
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l max-session-expiry -d 'Seconds that a session outlives its connection at most; a client of version 5 is told [default: as long as it asks for]' -r
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l connect-timeout -d 'Seconds a new connection may take to send CONNECT' -r
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l store -d 'File that keeps sessions, subscriptions, retained, queued and in-flight messages and wills, or `redis://USER:PASSWORD@HOST:PORT/DB?prefix=mqx`, of which all but the host may be left out; it is made if it is missing [default: memory only]' -r
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l sync -d 'What the store promises [default: always]' -r -f -a "always\t'Nothing is acknowledged before the disk has it, or the Redis server: a killed broker loses nothing, nor does a power cut with a file'
interval\t'Written to the disk, or sent to the Redis server, once a second: a killed broker loses a second at most, and so does a power cut with a file'
never\t'Left to the system once a second: a killed broker loses a second at most, a power cut may lose more or spoil the file; at Redis the same as interval'"
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l sys-interval -d 'Seconds between the values of `$SYS/broker` while somebody is subscribed to them; 0 is never' -r
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l http-token-file -d 'File with what HTTP clients must show, as Authorization: Bearer TOKEN' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l http-token -d 'The token itself, which others on this machine can then see' -r
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l exec -d 'Command to run as soon as the broker is ready; its end is the broker\'s, and its exit code too' -r
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l log-level -d 'Least that is worth a line: error, warn, info, debug or trace' -r -f -a "error\t''
warn\t''
info\t''
debug\t''
trace\t''"
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l log-format -d 'Look of a line: text or json' -r -f -a "text\t''
json\t''"
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l log-file -d 'File that lines are appended to [default: stderr]' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l trace -d 'Write every packet, decoded, to this file, or to stderr without one' -r -F
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l trace-format -d 'text, json (a line each) or pcapng, which Wireshark opens [default: by the file\'s ending, else text]' -r -f -a "text\t''
json\t''
pcapng\t''"
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l trace-client -d 'Clients whose packets are written; * stands for any text' -r
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l trace-topic -d 'Topic filter of what is written: messages, their acknowledgements and requests that name it' -r
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l trace-type -d 'Types of packets that are written: publish,puback,...' -r
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l trace-payload -d 'Bytes of each payload that are shown' -r
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l workers -d 'Threads that serve connections [default: one per core, 4 at most]' -r
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l color -d 'Colour what is said on stderr: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l check-config -d 'Read the configuration and every file it names, say what is wrong with it, and end'
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l proxy-protocol -d 'Every connection comes from a proxy that sends the PROXY header (version 1 or 2) first'
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l require-client-cert -d 'Refuse clients on the TLS port that show no certificate'
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l use-identity-as-username -d 'A client\'s user name is the common name in its certificate'
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l use-subject-as-username -d 'A client\'s user name is the whole subject of its certificate, written as CN=ann,O=Example'
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l require-tls -d 'Refuse clients on every port that do not speak TLS'
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l allow-anonymous -d 'Let clients without a user name in beside those of --password-file and --jwt-key'
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l no-anonymous -d 'Refuse clients without a user name; this is so with --password-file and --jwt-key, and without either nobody is let in'
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l no-empty-client-id -d 'Refuse clients that leave it to the broker to give them an identifier'
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l use-username-as-client-id -d 'The user name of a client is its identifier, whatever it calls itself; those without one are refused'
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l tls-lab -d 'Open a TLS port with a good certificate and one for each way a certificate can be bad, and say what a client has to do at each'
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l no-retain -d 'Retain no messages; a client that asks for it is cut off'
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l queue-qos0 -d 'Keep messages of QoS 0 too for sessions that are offline'
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l sys-events -d 'Publish who comes, goes and subscribes to what, as EMQX does'
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -s v -l verbose -d 'As --log-level debug'
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l no-log-connections -d 'Leave out that clients come and go; those that are refused stay in'
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l json-errors -d 'Report the failure that ends the command as JSON on stderr'
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -l help -d 'Print help'
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -f -a "passwd" -d 'Set or delete a user\'s password in a file for --password-file'
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -f -a "export" -d 'Write what a store holds as JSON'
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -f -a "import" -d 'Put what `mqx broker export` has written into a store'
complete -c mqx -n "__fish_mqx_using_subcommand broker; and not __fish_seen_subcommand_from passwd export import help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mqx -n "__fish_mqx_using_subcommand broker; and __fish_seen_subcommand_from passwd" -l hash -d 'How the password is hashed; mosquitto reads argon2id since 2.1 and scram-sha-256 never. With the last the client can authenticate without sending the password' -r -f -a "sha512-pbkdf2\t''
argon2id\t''
scram-sha-256\t''"
complete -c mqx -n "__fish_mqx_using_subcommand broker; and __fish_seen_subcommand_from passwd" -l color -d 'Colour what is said on stderr: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mqx -n "__fish_mqx_using_subcommand broker; and __fish_seen_subcommand_from passwd" -l delete -d 'Remove the user'
complete -c mqx -n "__fish_mqx_using_subcommand broker; and __fish_seen_subcommand_from passwd" -l json-errors -d 'Report the failure that ends the command as JSON on stderr'
complete -c mqx -n "__fish_mqx_using_subcommand broker; and __fish_seen_subcommand_from passwd" -l help -d 'Print help'
complete -c mqx -n "__fish_mqx_using_subcommand broker; and __fish_seen_subcommand_from export" -l store -d 'The store, as `mqx broker --store` names it; no broker may have it open' -r
complete -c mqx -n "__fish_mqx_using_subcommand broker; and __fish_seen_subcommand_from export" -l color -d 'Colour what is said on stderr: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mqx -n "__fish_mqx_using_subcommand broker; and __fish_seen_subcommand_from export" -l json-errors -d 'Report the failure that ends the command as JSON on stderr'
complete -c mqx -n "__fish_mqx_using_subcommand broker; and __fish_seen_subcommand_from export" -l help -d 'Print help'
complete -c mqx -n "__fish_mqx_using_subcommand broker; and __fish_seen_subcommand_from import" -l store -d 'The store, as `mqx broker --store` names it; no broker may have it open' -r
complete -c mqx -n "__fish_mqx_using_subcommand broker; and __fish_seen_subcommand_from import" -l color -d 'Colour what is said on stderr: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mqx -n "__fish_mqx_using_subcommand broker; and __fish_seen_subcommand_from import" -l force -d 'Replace what the store holds'
complete -c mqx -n "__fish_mqx_using_subcommand broker; and __fish_seen_subcommand_from import" -l json-errors -d 'Report the failure that ends the command as JSON on stderr'
complete -c mqx -n "__fish_mqx_using_subcommand broker; and __fish_seen_subcommand_from import" -l help -d 'Print help'
complete -c mqx -n "__fish_mqx_using_subcommand broker; and __fish_seen_subcommand_from help" -f -a "passwd" -d 'Set or delete a user\'s password in a file for --password-file'
complete -c mqx -n "__fish_mqx_using_subcommand broker; and __fish_seen_subcommand_from help" -f -a "export" -d 'Write what a store holds as JSON'
complete -c mqx -n "__fish_mqx_using_subcommand broker; and __fish_seen_subcommand_from help" -f -a "import" -d 'Put what `mqx broker export` has written into a store'
complete -c mqx -n "__fish_mqx_using_subcommand broker; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mqx -n "__fish_mqx_using_subcommand help; and not __fish_seen_subcommand_from pub sub rr bench doctor ping test certs profile broker help" -f -a "pub" -d 'Publish messages'
complete -c mqx -n "__fish_mqx_using_subcommand help; and not __fish_seen_subcommand_from pub sub rr bench doctor ping test certs profile broker help" -f -a "sub" -d 'Subscribe to topics and print the messages'
complete -c mqx -n "__fish_mqx_using_subcommand help; and not __fish_seen_subcommand_from pub sub rr bench doctor ping test certs profile broker help" -f -a "rr" -d 'Ask somebody behind the broker and print the answers, or answer'
complete -c mqx -n "__fish_mqx_using_subcommand help; and not __fish_seen_subcommand_from pub sub rr bench doctor ping test certs profile broker help" -f -a "bench" -d 'Measure a broker: put a load on it and see what becomes of it'
complete -c mqx -n "__fish_mqx_using_subcommand help; and not __fish_seen_subcommand_from pub sub rr bench doctor ping test certs profile broker help" -f -a "doctor" -d 'Examine step by step whether a broker can be reached and used, and why not'
complete -c mqx -n "__fish_mqx_using_subcommand help; and not __fish_seen_subcommand_from pub sub rr bench doctor ping test certs profile broker help" -f -a "ping" -d 'Check in one line whether a broker answers, for health checks'
complete -c mqx -n "__fish_mqx_using_subcommand help; and not __fish_seen_subcommand_from pub sub rr bench doctor ping test certs profile broker help" -f -a "test" -d 'Probe what a broker supports and how it behaves, or in what two differ'
complete -c mqx -n "__fish_mqx_using_subcommand help; and not __fish_seen_subcommand_from pub sub rr bench doctor ping test certs profile broker help" -f -a "certs" -d 'Make certificates for testing'
complete -c mqx -n "__fish_mqx_using_subcommand help; and not __fish_seen_subcommand_from pub sub rr bench doctor ping test certs profile broker help" -f -a "profile" -d 'Keep what it takes to reach a broker under a name'
complete -c mqx -n "__fish_mqx_using_subcommand help; and not __fish_seen_subcommand_from pub sub rr bench doctor ping test certs profile broker help" -f -a "broker" -d 'Run a broker'
complete -c mqx -n "__fish_mqx_using_subcommand help; and not __fish_seen_subcommand_from pub sub rr bench doctor ping test certs profile broker help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mqx -n "__fish_mqx_using_subcommand help; and __fish_seen_subcommand_from bench" -f -a "compare" -d 'Compare the reports of two runs'
complete -c mqx -n "__fish_mqx_using_subcommand help; and __fish_seen_subcommand_from bench" -f -a "merge" -d 'Add up the reports of runs, as those of shards'
complete -c mqx -n "__fish_mqx_using_subcommand help; and __fish_seen_subcommand_from bench" -f -a "run" -d 'Run a scenario from a file'
complete -c mqx -n "__fish_mqx_using_subcommand help; and __fish_seen_subcommand_from certs" -f -a "init" -d 'Make a CA with a certificate for a broker and one for a client'
complete -c mqx -n "__fish_mqx_using_subcommand help; and __fish_seen_subcommand_from certs" -f -a "ca" -d 'Make a CA of your own'
complete -c mqx -n "__fish_mqx_using_subcommand help; and __fish_seen_subcommand_from certs" -f -a "intermediate" -d 'Make a CA below another, to keep the key of that one away'
complete -c mqx -n "__fish_mqx_using_subcommand help; and __fish_seen_subcommand_from certs" -f -a "server" -d 'Make a certificate for a broker'
complete -c mqx -n "__fish_mqx_using_subcommand help; and __fish_seen_subcommand_from certs" -f -a "client" -d 'Make certificates for clients'
complete -c mqx -n "__fish_mqx_using_subcommand help; and __fish_seen_subcommand_from certs" -f -a "csr" -d 'Make a request for a certificate, for another CA to sign'
complete -c mqx -n "__fish_mqx_using_subcommand help; and __fish_seen_subcommand_from certs" -f -a "sign" -d 'Sign requests for certificates'
complete -c mqx -n "__fish_mqx_using_subcommand help; and __fish_seen_subcommand_from certs" -f -a "inspect" -d 'Print what a certificate, request, revocation list or server says'
complete -c mqx -n "__fish_mqx_using_subcommand help; and __fish_seen_subcommand_from certs" -f -a "verify" -d 'Check whether a certificate would be believed, and why not'
complete -c mqx -n "__fish_mqx_using_subcommand help; and __fish_seen_subcommand_from certs" -f -a "needs-renewal" -d 'Fail if a certificate ends soon, for cron'
complete -c mqx -n "__fish_mqx_using_subcommand help; and __fish_seen_subcommand_from certs" -f -a "renew" -d 'Make certificates valid for longer'
complete -c mqx -n "__fish_mqx_using_subcommand help; and __fish_seen_subcommand_from certs" -f -a "revoke" -d 'Revoke certificates, and write the list for brokers'
complete -c mqx -n "__fish_mqx_using_subcommand help; and __fish_seen_subcommand_from certs" -f -a "crl" -d 'Write the list of revoked certificates again, before it ends'
complete -c mqx -n "__fish_mqx_using_subcommand help; and __fish_seen_subcommand_from certs" -f -a "bundle" -d 'Put a certificate and its key together for other programs and devices'
complete -c mqx -n "__fish_mqx_using_subcommand help; and __fish_seen_subcommand_from certs" -f -a "bad" -d 'Make certificates that clients and brokers have to refuse'
complete -c mqx -n "__fish_mqx_using_subcommand help; and __fish_seen_subcommand_from certs" -f -a "install" -d 'Make this system trust a CA'
complete -c mqx -n "__fish_mqx_using_subcommand help; and __fish_seen_subcommand_from certs" -f -a "uninstall" -d 'Make this system no longer trust a CA'
complete -c mqx -n "__fish_mqx_using_subcommand help; and __fish_seen_subcommand_from profile" -f -a "ls" -d 'Name the profiles and their brokers'
complete -c mqx -n "__fish_mqx_using_subcommand help; and __fish_seen_subcommand_from profile" -f -a "show" -d 'Show what a profile says, but for its secrets'
complete -c mqx -n "__fish_mqx_using_subcommand help; and __fish_seen_subcommand_from profile" -f -a "add" -d 'Add a profile with options of the clients'
complete -c mqx -n "__fish_mqx_using_subcommand help; and __fish_seen_subcommand_from profile" -f -a "rm" -d 'Remove a profile'
complete -c mqx -n "__fish_mqx_using_subcommand help; and __fish_seen_subcommand_from profile" -f -a "import" -d 'Make profiles of what mosquitto\'s clients, MQTTX or `HiveMQ`\'s tool know'
complete -c mqx -n "__fish_mqx_using_subcommand help; and __fish_seen_subcommand_from broker" -f -a "passwd" -d 'Set or delete a user\'s password in a file for --password-file'
complete -c mqx -n "__fish_mqx_using_subcommand help; and __fish_seen_subcommand_from broker" -f -a "export" -d 'Write what a store holds as JSON'
complete -c mqx -n "__fish_mqx_using_subcommand help; and __fish_seen_subcommand_from broker" -f -a "import" -d 'Put what `mqx broker export` has written into a store'
