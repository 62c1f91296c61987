
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'mqx' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'mqx'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'mqx' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour what is said on stderr: auto, always or never')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print the version of mqx')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('pub', 'pub', [CompletionResultType]::ParameterValue, 'Publish messages')
            [CompletionResult]::new('sub', 'sub', [CompletionResultType]::ParameterValue, 'Subscribe to topics and print the messages')
            [CompletionResult]::new('rr', 'rr', [CompletionResultType]::ParameterValue, 'Ask somebody behind the broker and print the answers, or answer')
            [CompletionResult]::new('bench', 'bench', [CompletionResultType]::ParameterValue, 'Measure a broker: put a load on it and see what becomes of it')
            [CompletionResult]::new('doctor', 'doctor', [CompletionResultType]::ParameterValue, 'Examine step by step whether a broker can be reached and used, and why not')
            [CompletionResult]::new('ping', 'ping', [CompletionResultType]::ParameterValue, 'Check in one line whether a broker answers, for health checks')
            [CompletionResult]::new('test', 'test', [CompletionResultType]::ParameterValue, 'Probe what a broker supports and how it behaves, or in what two differ')
            [CompletionResult]::new('certs', 'certs', [CompletionResultType]::ParameterValue, 'Make certificates for testing')
            [CompletionResult]::new('profile', 'profile', [CompletionResultType]::ParameterValue, 'Keep what it takes to reach a broker under a name')
            [CompletionResult]::new('broker', 'broker', [CompletionResultType]::ParameterValue, 'Run a broker')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'mqx;pub' {
            [CompletionResult]::new('-t', '-t', [CompletionResultType]::ParameterName, 'Topic to publish to (repeatable)')
            [CompletionResult]::new('--topic', '--topic', [CompletionResultType]::ParameterName, 'Topic to publish to (repeatable)')
            [CompletionResult]::new('-m', '-m', [CompletionResultType]::ParameterName, 'Publish this text')
            [CompletionResult]::new('--message', '--message', [CompletionResultType]::ParameterName, 'Publish this text')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'Publish the content of this file; - is stdin')
            [CompletionResult]::new('--file', '--file', [CompletionResultType]::ParameterName, 'Publish the content of this file; - is stdin')
            [CompletionResult]::new('--random', '--random', [CompletionResultType]::ParameterName, 'Publish so many random bytes, as in 64, 4k or 1MB')
            [CompletionResult]::new('--encode', '--encode', [CompletionResultType]::ParameterName, 'What the payload is written in or is to become: json (which is checked), hex, base64, cbor or msgpack (from JSON)')
            [CompletionResult]::new('--delimiter', '--delimiter', [CompletionResultType]::ParameterName, 'Byte that ends a message of -l in place of the line feed: a character, \t, \0 or hex:1e')
            [CompletionResult]::new('--batch', '--batch', [CompletionResultType]::ParameterName, 'Gather the messages of stdin and publish an array of JSON in every such time, and before it has more than so many bytes, as in 1s or 1s,64KB [default: 1MB]')
            [CompletionResult]::new('--on-error', '--on-error', [CompletionResultType]::ParameterName, 'What to do about a message of stdin that is not what it should be: stop, or skip it and fail in the end')
            [CompletionResult]::new('--replay', '--replay', [CompletionResultType]::ParameterName, 'Publish what sub --record or sub -J has written into this file, in its time; a name that ends in .zst is of a compressed file')
            [CompletionResult]::new('--speed', '--speed', [CompletionResultType]::ParameterName, 'Replay so many times faster, or as fast as it goes: 10, 0.5 or max [default: 1]')
            [CompletionResult]::new('--map', '--map', [CompletionResultType]::ParameterName, 'Other names for topics, as in s#old#new#, s#^old#new# at the start only, or with a g behind for all (repeatable; also with --ndjson)')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Quality of service: 0, 1 or 2')
            [CompletionResult]::new('--qos', '--qos', [CompletionResultType]::ParameterName, 'Quality of service: 0, 1 or 2')
            [CompletionResult]::new('--repeat', '--repeat', [CompletionResultType]::ParameterName, 'Publish the message so often')
            [CompletionResult]::new('--repeat-delay', '--repeat-delay', [CompletionResultType]::ParameterName, 'Time from the delivery of a message to the next one, as in 2, 500ms or 1m')
            [CompletionResult]::new('--rate', '--rate', [CompletionResultType]::ParameterName, 'Messages in a second at most, as in 100 or 0.5; or 90/m in a minute')
            [CompletionResult]::new('--retry', '--retry', [CompletionResultType]::ParameterName, 'Try a connection again so often in a row, or forever [default: the first once, a lost one forever]')
            [CompletionResult]::new('--buffer', '--buffer', [CompletionResultType]::ParameterName, 'Messages with QoS 0 that wait while there is no connection; of more the oldest are lost, and counted')
            [CompletionResult]::new('--on-disconnect', '--on-disconnect', [CompletionResultType]::ParameterName, 'While there is no connection: buffer QoS 0, wait with reading, fail if QoS 0 may be lost, or drop it without a failure')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Keep messages in this directory until the broker has answered, so that a publisher that was killed goes on where it stopped; or at a Redis server, `redis://USER:PASSWORD@HOST:PORT/DB?prefix=mqx`, of which all but the host may be left out')
            [CompletionResult]::new('-M', '-M ', [CompletionResultType]::ParameterName, 'Messages with QoS 1 and 2 that are in flight at once, at most [default: as many as the broker takes; 20 before MQTT 5, in which it cannot say]')
            [CompletionResult]::new('--max-inflight', '--max-inflight', [CompletionResultType]::ParameterName, 'Messages with QoS 1 and 2 that are in flight at once, at most [default: as many as the broker takes; 20 before MQTT 5, in which it cannot say]')
            [CompletionResult]::new('--topic-alias', '--topic-alias', [CompletionResultType]::ParameterName, 'Use so many topic aliases, or auto for as many as the broker takes: a topic is then spelled out once for each connection (MQTT 5)')
            [CompletionResult]::new('-e', '-e', [CompletionResultType]::ParameterName, 'Time after which the message is worth nothing, as in 60 or 1h')
            [CompletionResult]::new('--message-expiry-interval', '--message-expiry-interval', [CompletionResultType]::ParameterName, 'Time after which the message is worth nothing, as in 60 or 1h')
            [CompletionResult]::new('--content-type', '--content-type', [CompletionResultType]::ParameterName, 'What the payload is, as in application/json')
            [CompletionResult]::new('--payload-format-indicator', '--payload-format-indicator', [CompletionResultType]::ParameterName, 'Whether the payload is UTF-8 text')
            [CompletionResult]::new('--user-property', '--user-property', [CompletionResultType]::ParameterName, 'User property, as in name=value (repeatable)')
            [CompletionResult]::new('--response-topic', '--response-topic', [CompletionResultType]::ParameterName, 'Topic for an answer')
            [CompletionResult]::new('--correlation-data', '--correlation-data', [CompletionResultType]::ParameterName, 'What an answer is to repeat: text, hex:... or base64:...')
            [CompletionResult]::new('-i', '-i', [CompletionResultType]::ParameterName, 'Client identifier; %h stands for this machine, %p for the process, %r for something random, %u for the user name [default: the broker chooses one]')
            [CompletionResult]::new('--id', '--id', [CompletionResultType]::ParameterName, 'Client identifier; %h stands for this machine, %p for the process, %r for something random, %u for the user name [default: the broker chooses one]')
            [CompletionResult]::new('-I', '-I ', [CompletionResultType]::ParameterName, 'Client identifier that begins with this and ends with the number of the process')
            [CompletionResult]::new('--id-prefix', '--id-prefix', [CompletionResultType]::ParameterName, 'Client identifier that begins with this and ends with the number of the process')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Host name or address of the broker; of several the next is tried when one fails (repeatable) [default: localhost]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Host name or address of the broker; of several the next is tried when one fails (repeatable) [default: localhost]')
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'Port of the broker [default: 1883, with TLS 8883]; 8883 means TLS')
            [CompletionResult]::new('--port', '--port', [CompletionResultType]::ParameterName, 'Port of the broker [default: 1883, with TLS 8883]; 8883 means TLS')
            [CompletionResult]::new('--unix', '--unix', [CompletionResultType]::ParameterName, 'Unix socket of the broker')
            [CompletionResult]::new('--ws-path', '--ws-path', [CompletionResultType]::ParameterName, 'Path of the broker for WebSocket [default: /mqtt]')
            [CompletionResult]::new('--ws-header', '--ws-header', [CompletionResultType]::ParameterName, 'Header of the WebSocket request, as in ''Authorization: Bearer x'' (repeatable)')
            [CompletionResult]::new('--proxy', '--proxy', [CompletionResultType]::ParameterName, 'Connect through this proxy: socks5h://, socks5://, http:// or https://[USER:PASSWORD@]HOST[:PORT], or none [default: ALL_PROXY, for wss HTTPS_PROXY before it and for ws http_proxy, unless NO_PROXY has the host]')
            [CompletionResult]::new('-A', '-A ', [CompletionResultType]::ParameterName, 'Connect from this address of the machine')
            [CompletionResult]::new('--bind', '--bind', [CompletionResultType]::ParameterName, 'Connect from this address of the machine')
            [CompletionResult]::new('-u', '-u', [CompletionResultType]::ParameterName, 'User name')
            [CompletionResult]::new('--username', '--username', [CompletionResultType]::ParameterName, 'User name')
            [CompletionResult]::new('-P', '-P ', [CompletionResultType]::ParameterName, 'Password; on this machine everybody can see it, unlike with the next four')
            [CompletionResult]::new('--password', '--password', [CompletionResultType]::ParameterName, 'Password; on this machine everybody can see it, unlike with the next four')
            [CompletionResult]::new('--password-file', '--password-file', [CompletionResultType]::ParameterName, 'Take the password from this file')
            [CompletionResult]::new('--password-env', '--password-env', [CompletionResultType]::ParameterName, 'Take the password from this variable of the environment')
            [CompletionResult]::new('--password-command', '--password-command', [CompletionResultType]::ParameterName, 'Take the password from what this command of the shell prints')
            [CompletionResult]::new('-k', '-k', [CompletionResultType]::ParameterName, 'Seconds of silence after which a ping is sent; 0 for none')
            [CompletionResult]::new('--keepalive', '--keepalive', [CompletionResultType]::ParameterName, 'Seconds of silence after which a ping is sent; 0 for none')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Version of MQTT: 5, 3.1.1 or 3.1 [default: 5, and 3.1.1 if the broker refuses it]')
            [CompletionResult]::new('--mqtt-version', '--mqtt-version', [CompletionResultType]::ParameterName, 'Version of MQTT: 5, 3.1.1 or 3.1 [default: 5, and 3.1.1 if the broker refuses it]')
            [CompletionResult]::new('--connect-timeout', '--connect-timeout', [CompletionResultType]::ParameterName, 'Give up connecting after this time, as in 10, 500ms or 2m')
            [CompletionResult]::new('--engine', '--engine', [CompletionResultType]::ParameterName, 'Whose implementation of MQTT speaks: native (that of mqx) or rumqttc')
            [CompletionResult]::new('--jwt-key', '--jwt-key', [CompletionResultType]::ParameterName, 'Sign a token with this private key (PEM) for a password, a new one for every connection')
            [CompletionResult]::new('--jwt-alg', '--jwt-alg', [CompletionResultType]::ParameterName, 'How to sign it: RS256 or ES256 [default: as the key is made for]')
            [CompletionResult]::new('--jwt-aud', '--jwt-aud', [CompletionResultType]::ParameterName, 'Whom it is for (aud; repeatable)')
            [CompletionResult]::new('--jwt-sub', '--jwt-sub', [CompletionResultType]::ParameterName, 'Whom it is about (sub) [default: the user name]')
            [CompletionResult]::new('--jwt-iss', '--jwt-iss', [CompletionResultType]::ParameterName, 'Whom it is from (iss)')
            [CompletionResult]::new('--jwt-kid', '--jwt-kid', [CompletionResultType]::ParameterName, 'Name of the key (kid)')
            [CompletionResult]::new('--jwt-claim', '--jwt-claim', [CompletionResultType]::ParameterName, 'Another claim, as in name=value; a value in JSON is taken as that (repeatable)')
            [CompletionResult]::new('--jwt-ttl', '--jwt-ttl', [CompletionResultType]::ParameterName, 'How long it counts, as in 600 or 1h')
            [CompletionResult]::new('--tls', '--tls', [CompletionResultType]::ParameterName, 'Use TLS; trust the CA in this file, or without one those of the system')
            [CompletionResult]::new('--cafile', '--cafile', [CompletionResultType]::ParameterName, 'The same as --tls with a CA')
            [CompletionResult]::new('--capath', '--capath', [CompletionResultType]::ParameterName, 'Use TLS and trust the CAs in the PEM files of this directory')
            [CompletionResult]::new('--cert', '--cert', [CompletionResultType]::ParameterName, 'Use TLS and show this certificate to the broker (PEM)')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'The private key of that certificate (PEM, also encrypted PKCS#8)')
            [CompletionResult]::new('--p12', '--p12', [CompletionResultType]::ParameterName, 'Use TLS and show the certificate in this PKCS#12 file, which has its key too')
            [CompletionResult]::new('--key-password', '--key-password', [CompletionResultType]::ParameterName, 'Password of the private key, or of the PKCS#12 file; on this machine everybody can see it')
            [CompletionResult]::new('--key-password-file', '--key-password-file', [CompletionResultType]::ParameterName, 'Take the password of the private key from this file')
            [CompletionResult]::new('--key-password-env', '--key-password-env', [CompletionResultType]::ParameterName, 'Take the password of the private key from this variable of the environment')
            [CompletionResult]::new('--sni', '--sni', [CompletionResultType]::ParameterName, 'Name to ask the broker for (SNI) and to check its certificate with, in place of the host')
            [CompletionResult]::new('--tls-alpn', '--tls-alpn', [CompletionResultType]::ParameterName, 'Application protocol to offer (ALPN), as in mqtt or x-amzn-mqtt-ca (repeatable)')
            [CompletionResult]::new('--tls-version', '--tls-version', [CompletionResultType]::ParameterName, 'Speak this version of TLS and no other: 1.2 or 1.3')
            [CompletionResult]::new('--ciphers', '--ciphers', [CompletionResultType]::ParameterName, 'Offer these cipher suites and no others, by their names of IANA or OpenSSL with colons between them; what is not known is told')
            [CompletionResult]::new('--tls-keylog', '--tls-keylog', [CompletionResultType]::ParameterName, 'Append the secrets of TLS to this file, for Wireshark [default: that of SSLKEYLOGFILE]')
            [CompletionResult]::new('--will-topic', '--will-topic', [CompletionResultType]::ParameterName, 'Topic of the message the broker publishes when the connection is lost')
            [CompletionResult]::new('--will-payload', '--will-payload', [CompletionResultType]::ParameterName, 'Its payload [default: empty]')
            [CompletionResult]::new('--will-file', '--will-file', [CompletionResultType]::ParameterName, 'Its payload from this file')
            [CompletionResult]::new('--will-qos', '--will-qos', [CompletionResultType]::ParameterName, 'Its quality of service: 0, 1 or 2')
            [CompletionResult]::new('--will-delay-interval', '--will-delay-interval', [CompletionResultType]::ParameterName, 'Publish it only after this time, as in 10 or 1m (MQTT 5)')
            [CompletionResult]::new('--will-message-expiry-interval', '--will-message-expiry-interval', [CompletionResultType]::ParameterName, 'Time after which it is worth nothing (MQTT 5)')
            [CompletionResult]::new('--will-content-type', '--will-content-type', [CompletionResultType]::ParameterName, 'What its payload is, as in application/json (MQTT 5)')
            [CompletionResult]::new('--will-payload-format-indicator', '--will-payload-format-indicator', [CompletionResultType]::ParameterName, 'Whether its payload is UTF-8 text (MQTT 5)')
            [CompletionResult]::new('--will-response-topic', '--will-response-topic', [CompletionResultType]::ParameterName, 'Topic for an answer to it (MQTT 5)')
            [CompletionResult]::new('--will-correlation-data', '--will-correlation-data', [CompletionResultType]::ParameterName, 'What an answer is to repeat: text, hex:... or base64:... (MQTT 5)')
            [CompletionResult]::new('--will-user-property', '--will-user-property', [CompletionResultType]::ParameterName, 'User property of it, as in name=value (repeatable, MQTT 5)')
            [CompletionResult]::new('-x', '-x', [CompletionResultType]::ParameterName, 'Keep the session so long after the connection, as in 60, 1h or never (to end)')
            [CompletionResult]::new('--session-expiry-interval', '--session-expiry-interval', [CompletionResultType]::ParameterName, 'Keep the session so long after the connection, as in 60, 1h or never (to end)')
            [CompletionResult]::new('--receive-maximum', '--receive-maximum', [CompletionResultType]::ParameterName, 'QoS 1 and 2 messages the broker may send before they are answered')
            [CompletionResult]::new('--maximum-packet-size', '--maximum-packet-size', [CompletionResultType]::ParameterName, 'Bytes of the largest packet the broker may send')
            [CompletionResult]::new('--topic-alias-maximum', '--topic-alias-maximum', [CompletionResultType]::ParameterName, 'Topic aliases the broker may use')
            [CompletionResult]::new('--request-response-information', '--request-response-information', [CompletionResultType]::ParameterName, 'Ask for the basis of response topics')
            [CompletionResult]::new('--request-problem-information', '--request-problem-information', [CompletionResultType]::ParameterName, 'Ask for reasons in words [default: true]')
            [CompletionResult]::new('--connect-user-property', '--connect-user-property', [CompletionResultType]::ParameterName, 'User property of CONNECT, as in name=value (repeatable)')
            [CompletionResult]::new('--authentication-method', '--authentication-method', [CompletionResultType]::ParameterName, 'Method of enhanced authentication: SCRAM-SHA-256 takes user and password and checks the broker too; of others only what CONNECT says can be given')
            [CompletionResult]::new('--authentication-data', '--authentication-data', [CompletionResultType]::ParameterName, 'Data of that method: text, hex:... or base64:...')
            [CompletionResult]::new('--disconnect-session-expiry-interval', '--disconnect-session-expiry-interval', [CompletionResultType]::ParameterName, 'Session expiry in DISCONNECT: from then on this holds')
            [CompletionResult]::new('--disconnect-reason', '--disconnect-reason', [CompletionResultType]::ParameterName, 'Reason in words in DISCONNECT')
            [CompletionResult]::new('--disconnect-user-property', '--disconnect-user-property', [CompletionResultType]::ParameterName, 'User property of DISCONNECT, as in name=value (repeatable)')
            [CompletionResult]::new('-D', '-D ', [CompletionResultType]::ParameterName, 'Set a property as with mosquitto: connect, publish, subscribe, disconnect or will, its name and its value; each has an option of its own here')
            [CompletionResult]::new('--property', '--property', [CompletionResultType]::ParameterName, 'Set a property as with mosquitto: connect, publish, subscribe, disconnect or will, its name and its value; each has an option of its own here')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'File with the profiles [default: ~/.config/mqx/config.toml]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Option file of mosquitto''s clients')
            [CompletionResult]::new('--config-file', '--config-file', [CompletionResultType]::ParameterName, 'Option file of mosquitto''s clients')
            [CompletionResult]::new('-b', '-b', [CompletionResultType]::ParameterName, 'Broker as a URL: mqtt[s]://[USER[:PASSWORD]@]HOST[:PORT][/TOPIC], ws[s]://...[/PATH] or unix:///PATH (repeatable, as -h); or the name of a profile')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'Broker as a URL: mqtt[s]://[USER[:PASSWORD]@]HOST[:PORT][/TOPIC], ws[s]://...[/PATH] or unix:///PATH (repeatable, as -h); or the name of a profile')
            [CompletionResult]::new('--broker', '--broker', [CompletionResultType]::ParameterName, 'Broker as a URL: mqtt[s]://[USER[:PASSWORD]@]HOST[:PORT][/TOPIC], ws[s]://...[/PATH] or unix:///PATH (repeatable, as -h); or the name of a profile')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour what is said on stderr: auto, always or never')
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'Publish all of stdin as one message')
            [CompletionResult]::new('--stdin-file', '--stdin-file', [CompletionResultType]::ParameterName, 'Publish all of stdin as one message')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Publish an empty message; with -r it removes the retained one')
            [CompletionResult]::new('--null-message', '--null-message', [CompletionResultType]::ParameterName, 'Publish an empty message; with -r it removes the retained one')
            [CompletionResult]::new('--template', '--template', [CompletionResultType]::ParameterName, 'Fill in, in payload and topic: {{seq}}, {{now}}, {{unix}}, {{unix_ms}}, {{unix_us}}, {{unix_ns}}, {{uuid}}, {{rand 1 9}}, {{hex 8}}, {{pick a b}}')
            [CompletionResult]::new('-l', '-l', [CompletionResultType]::ParameterName, 'Publish each line of stdin as a message')
            [CompletionResult]::new('--stdin-line', '--stdin-line', [CompletionResultType]::ParameterName, 'Publish each line of stdin as a message')
            [CompletionResult]::new('-0', '-0', [CompletionResultType]::ParameterName, 'Publish what stands between NUL bytes in stdin, each as a message')
            [CompletionResult]::new('--stdin-nul', '--stdin-nul', [CompletionResultType]::ParameterName, 'Publish what stands between NUL bytes in stdin, each as a message')
            [CompletionResult]::new('--ndjson', '--ndjson', [CompletionResultType]::ParameterName, 'Publish messages that come as lines of JSON, as sub -J prints them: topic, payload or payload_b64, qos, retain, properties; the options say what a line does not')
            [CompletionResult]::new('--loop', '--loop', [CompletionResultType]::ParameterName, 'Begin again at the end of the recording')
            [CompletionResult]::new('--verify', '--verify', [CompletionResultType]::ParameterName, 'Subscribe to what is replayed and check that all of it comes back, byte for byte and in order; exit code 9 if not')
            [CompletionResult]::new('-r', '-r', [CompletionResultType]::ParameterName, 'Ask the broker to keep the message for later subscribers')
            [CompletionResult]::new('--retain', '--retain', [CompletionResultType]::ParameterName, 'Ask the broker to keep the message for later subscribers')
            [CompletionResult]::new('--fail-if-no-subscriber', '--fail-if-no-subscriber', [CompletionResultType]::ParameterName, 'Fail when nobody is subscribed to a topic (QoS 1 and 2, MQTT 5, if the broker tells)')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Go on with the session of this client identifier, and keep it; without -x for ever')
            [CompletionResult]::new('--disable-clean-session', '--disable-clean-session', [CompletionResultType]::ParameterName, 'Go on with the session of this client identifier, and keep it; without -x for ever')
            [CompletionResult]::new('--ws', '--ws', [CompletionResultType]::ParameterName, 'Speak MQTT over WebSocket')
            [CompletionResult]::new('--ask-password', '--ask-password', [CompletionResultType]::ParameterName, 'Ask for the password at the terminal')
            [CompletionResult]::new('-d', '-d', [CompletionResultType]::ParameterName, 'Say on stderr which packets are sent and received')
            [CompletionResult]::new('--debug', '--debug', [CompletionResultType]::ParameterName, 'Say on stderr which packets are sent and received')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on stderr, not even why it fails: the exit code tells')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Use TLS and believe any certificate; for tests only')
            [CompletionResult]::new('--no-tls', '--no-tls', [CompletionResultType]::ParameterName, 'Use no TLS, not even with port 8883')
            [CompletionResult]::new('--will-retain', '--will-retain', [CompletionResultType]::ParameterName, 'Ask the broker to keep it for later subscribers')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'mqx;sub' {
            [CompletionResult]::new('-t', '-t', [CompletionResultType]::ParameterName, 'Topic filter to subscribe to (repeatable); $share/GROUP/FILTER shares it')
            [CompletionResult]::new('--topic', '--topic', [CompletionResultType]::ParameterName, 'Topic filter to subscribe to (repeatable); $share/GROUP/FILTER shares it')
            [CompletionResult]::new('-T', '-T ', [CompletionResultType]::ParameterName, 'Leave out messages whose topic matches this filter (repeatable)')
            [CompletionResult]::new('--filter-out', '--filter-out', [CompletionResultType]::ParameterName, 'Leave out messages whose topic matches this filter (repeatable)')
            [CompletionResult]::new('-U', '-U ', [CompletionResultType]::ParameterName, 'End this subscription of a kept session (repeatable, see -c)')
            [CompletionResult]::new('--unsubscribe', '--unsubscribe', [CompletionResultType]::ParameterName, 'End this subscription of a kept session (repeatable, see -c)')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Highest quality of service wanted: 0, 1 or 2; one for all topics, or as many as there are topics [default: 0]')
            [CompletionResult]::new('--qos', '--qos', [CompletionResultType]::ParameterName, 'Highest quality of service wanted: 0, 1 or 2; one for all topics, or as many as there are topics [default: 0]')
            [CompletionResult]::new('--retain-handling', '--retain-handling', [CompletionResultType]::ParameterName, 'When a subscription brings the retained messages: always, new (if there was none like it) or never (MQTT 5)')
            [CompletionResult]::new('--subscription-identifier', '--subscription-identifier', [CompletionResultType]::ParameterName, 'Number that messages of this subscription will carry (MQTT 5)')
            [CompletionResult]::new('--user-property', '--user-property', [CompletionResultType]::ParameterName, 'User property of SUBSCRIBE, as in name=value (repeatable, MQTT 5)')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'End after this many messages')
            [CompletionResult]::new('--count', '--count', [CompletionResultType]::ParameterName, 'End after this many messages')
            [CompletionResult]::new('-W', '-W ', [CompletionResultType]::ParameterName, 'End after this time, as in 10, 500ms or 2m, with exit code 27')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'End after this time, as in 10, 500ms or 2m, with exit code 27')
            [CompletionResult]::new('--idle-timeout', '--idle-timeout', [CompletionResultType]::ParameterName, 'End when no message came for this time, with exit code 27')
            [CompletionResult]::new('-F', '-F ', [CompletionResultType]::ParameterName, 'Print each message in this format, the one of mosquitto: %t topic, %p payload, %x payload in hex, %q QoS, %r retained, %j JSON, %I time ...; or with names, as in %{topic} %{user:key} %{json:.a.b} %{time:rfc3339ns} %{b64}')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Print each message in this format, the one of mosquitto: %t topic, %p payload, %x payload in hex, %q QoS, %r retained, %j JSON, %I time ...; or with names, as in %{topic} %{user:key} %{json:.a.b} %{time:rfc3339ns} %{b64}')
            [CompletionResult]::new('--record', '--record', [CompletionResultType]::ParameterName, 'Record the messages in this file, to be played by pub --replay; compressed when its name ends in .zst. Nothing is printed unless -v, -F, -J or --select asks for it')
            [CompletionResult]::new('--out-dir', '--out-dir', [CompletionResultType]::ParameterName, 'Keep payloads in files in this folder, by topic: a/b is DIR/a/b. Nothing is printed unless -v, -F or -J asks for it')
            [CompletionResult]::new('--out-mode', '--out-mode', [CompletionResultType]::ParameterName, 'What becomes of the messages of a topic: overwrite (each takes the place of the one before), append (as lines) or number (each in a file, as in a/b.000001)')
            [CompletionResult]::new('--exec', '--exec', [CompletionResultType]::ParameterName, 'Run this command for each message, with the payload at its stdin and `MQTT_TOPIC`, `MQTT_QOS`, `MQTT_RETAIN`, `MQTT_PROPERTIES` and more in its environment. A message with QoS 1 or 2 is acknowledged when it succeeds. Nothing is printed unless -v, -F or -J asks for it')
            [CompletionResult]::new('--exec-jobs', '--exec-jobs', [CompletionResultType]::ParameterName, 'So many of these commands run at once; if all do, nothing more is read')
            [CompletionResult]::new('--decode', '--decode', [CompletionResultType]::ParameterName, 'Decode payloads: json, hex, base64, cbor, msgpack, gzip, protobuf, avro, sparkplug, or auto for what the topic or the content type says; of some topics, as in FILTER=FORMAT (repeatable, the first that fits holds)')
            [CompletionResult]::new('--proto', '--proto', [CompletionResultType]::ParameterName, 'Schema of Protocol Buffers: a .proto file, or a set of descriptors')
            [CompletionResult]::new('--proto-message', '--proto-message', [CompletionResultType]::ParameterName, 'Message in that schema')
            [CompletionResult]::new('--avro-schema', '--avro-schema', [CompletionResultType]::ParameterName, 'Schema of Avro')
            [CompletionResult]::new('--filter', '--filter', [CompletionResultType]::ParameterName, 'Leave out messages of which this expression of jq is not true; . is the payload, and there are $topic, $qos, $retain and $user')
            [CompletionResult]::new('--select', '--select', [CompletionResultType]::ParameterName, 'Print what this expression of jq makes of the payload')
            [CompletionResult]::new('--expect', '--expect', [CompletionResultType]::ParameterName, 'End with the first message of which this expression of jq is true; exit code 9 if none comes')
            [CompletionResult]::new('--within', '--within', [CompletionResultType]::ParameterName, 'How long to wait for what is expected')
            [CompletionResult]::new('-i', '-i', [CompletionResultType]::ParameterName, 'Client identifier; %h stands for this machine, %p for the process, %r for something random, %u for the user name [default: the broker chooses one]')
            [CompletionResult]::new('--id', '--id', [CompletionResultType]::ParameterName, 'Client identifier; %h stands for this machine, %p for the process, %r for something random, %u for the user name [default: the broker chooses one]')
            [CompletionResult]::new('-I', '-I ', [CompletionResultType]::ParameterName, 'Client identifier that begins with this and ends with the number of the process')
            [CompletionResult]::new('--id-prefix', '--id-prefix', [CompletionResultType]::ParameterName, 'Client identifier that begins with this and ends with the number of the process')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Host name or address of the broker; of several the next is tried when one fails (repeatable) [default: localhost]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Host name or address of the broker; of several the next is tried when one fails (repeatable) [default: localhost]')
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'Port of the broker [default: 1883, with TLS 8883]; 8883 means TLS')
            [CompletionResult]::new('--port', '--port', [CompletionResultType]::ParameterName, 'Port of the broker [default: 1883, with TLS 8883]; 8883 means TLS')
            [CompletionResult]::new('--unix', '--unix', [CompletionResultType]::ParameterName, 'Unix socket of the broker')
            [CompletionResult]::new('--ws-path', '--ws-path', [CompletionResultType]::ParameterName, 'Path of the broker for WebSocket [default: /mqtt]')
            [CompletionResult]::new('--ws-header', '--ws-header', [CompletionResultType]::ParameterName, 'Header of the WebSocket request, as in ''Authorization: Bearer x'' (repeatable)')
            [CompletionResult]::new('--proxy', '--proxy', [CompletionResultType]::ParameterName, 'Connect through this proxy: socks5h://, socks5://, http:// or https://[USER:PASSWORD@]HOST[:PORT], or none [default: ALL_PROXY, for wss HTTPS_PROXY before it and for ws http_proxy, unless NO_PROXY has the host]')
            [CompletionResult]::new('-A', '-A ', [CompletionResultType]::ParameterName, 'Connect from this address of the machine')
            [CompletionResult]::new('--bind', '--bind', [CompletionResultType]::ParameterName, 'Connect from this address of the machine')
            [CompletionResult]::new('-u', '-u', [CompletionResultType]::ParameterName, 'User name')
            [CompletionResult]::new('--username', '--username', [CompletionResultType]::ParameterName, 'User name')
            [CompletionResult]::new('-P', '-P ', [CompletionResultType]::ParameterName, 'Password; on this machine everybody can see it, unlike with the next four')
            [CompletionResult]::new('--password', '--password', [CompletionResultType]::ParameterName, 'Password; on this machine everybody can see it, unlike with the next four')
            [CompletionResult]::new('--password-file', '--password-file', [CompletionResultType]::ParameterName, 'Take the password from this file')
            [CompletionResult]::new('--password-env', '--password-env', [CompletionResultType]::ParameterName, 'Take the password from this variable of the environment')
            [CompletionResult]::new('--password-command', '--password-command', [CompletionResultType]::ParameterName, 'Take the password from what this command of the shell prints')
            [CompletionResult]::new('-k', '-k', [CompletionResultType]::ParameterName, 'Seconds of silence after which a ping is sent; 0 for none')
            [CompletionResult]::new('--keepalive', '--keepalive', [CompletionResultType]::ParameterName, 'Seconds of silence after which a ping is sent; 0 for none')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Version of MQTT: 5, 3.1.1 or 3.1 [default: 5, and 3.1.1 if the broker refuses it]')
            [CompletionResult]::new('--mqtt-version', '--mqtt-version', [CompletionResultType]::ParameterName, 'Version of MQTT: 5, 3.1.1 or 3.1 [default: 5, and 3.1.1 if the broker refuses it]')
            [CompletionResult]::new('--connect-timeout', '--connect-timeout', [CompletionResultType]::ParameterName, 'Give up connecting after this time, as in 10, 500ms or 2m')
            [CompletionResult]::new('--engine', '--engine', [CompletionResultType]::ParameterName, 'Whose implementation of MQTT speaks: native (that of mqx) or rumqttc')
            [CompletionResult]::new('--jwt-key', '--jwt-key', [CompletionResultType]::ParameterName, 'Sign a token with this private key (PEM) for a password, a new one for every connection')
            [CompletionResult]::new('--jwt-alg', '--jwt-alg', [CompletionResultType]::ParameterName, 'How to sign it: RS256 or ES256 [default: as the key is made for]')
            [CompletionResult]::new('--jwt-aud', '--jwt-aud', [CompletionResultType]::ParameterName, 'Whom it is for (aud; repeatable)')
            [CompletionResult]::new('--jwt-sub', '--jwt-sub', [CompletionResultType]::ParameterName, 'Whom it is about (sub) [default: the user name]')
            [CompletionResult]::new('--jwt-iss', '--jwt-iss', [CompletionResultType]::ParameterName, 'Whom it is from (iss)')
            [CompletionResult]::new('--jwt-kid', '--jwt-kid', [CompletionResultType]::ParameterName, 'Name of the key (kid)')
            [CompletionResult]::new('--jwt-claim', '--jwt-claim', [CompletionResultType]::ParameterName, 'Another claim, as in name=value; a value in JSON is taken as that (repeatable)')
            [CompletionResult]::new('--jwt-ttl', '--jwt-ttl', [CompletionResultType]::ParameterName, 'How long it counts, as in 600 or 1h')
            [CompletionResult]::new('--tls', '--tls', [CompletionResultType]::ParameterName, 'Use TLS; trust the CA in this file, or without one those of the system')
            [CompletionResult]::new('--cafile', '--cafile', [CompletionResultType]::ParameterName, 'The same as --tls with a CA')
            [CompletionResult]::new('--capath', '--capath', [CompletionResultType]::ParameterName, 'Use TLS and trust the CAs in the PEM files of this directory')
            [CompletionResult]::new('--cert', '--cert', [CompletionResultType]::ParameterName, 'Use TLS and show this certificate to the broker (PEM)')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'The private key of that certificate (PEM, also encrypted PKCS#8)')
            [CompletionResult]::new('--p12', '--p12', [CompletionResultType]::ParameterName, 'Use TLS and show the certificate in this PKCS#12 file, which has its key too')
            [CompletionResult]::new('--key-password', '--key-password', [CompletionResultType]::ParameterName, 'Password of the private key, or of the PKCS#12 file; on this machine everybody can see it')
            [CompletionResult]::new('--key-password-file', '--key-password-file', [CompletionResultType]::ParameterName, 'Take the password of the private key from this file')
            [CompletionResult]::new('--key-password-env', '--key-password-env', [CompletionResultType]::ParameterName, 'Take the password of the private key from this variable of the environment')
            [CompletionResult]::new('--sni', '--sni', [CompletionResultType]::ParameterName, 'Name to ask the broker for (SNI) and to check its certificate with, in place of the host')
            [CompletionResult]::new('--tls-alpn', '--tls-alpn', [CompletionResultType]::ParameterName, 'Application protocol to offer (ALPN), as in mqtt or x-amzn-mqtt-ca (repeatable)')
            [CompletionResult]::new('--tls-version', '--tls-version', [CompletionResultType]::ParameterName, 'Speak this version of TLS and no other: 1.2 or 1.3')
            [CompletionResult]::new('--ciphers', '--ciphers', [CompletionResultType]::ParameterName, 'Offer these cipher suites and no others, by their names of IANA or OpenSSL with colons between them; what is not known is told')
            [CompletionResult]::new('--tls-keylog', '--tls-keylog', [CompletionResultType]::ParameterName, 'Append the secrets of TLS to this file, for Wireshark [default: that of SSLKEYLOGFILE]')
            [CompletionResult]::new('--will-topic', '--will-topic', [CompletionResultType]::ParameterName, 'Topic of the message the broker publishes when the connection is lost')
            [CompletionResult]::new('--will-payload', '--will-payload', [CompletionResultType]::ParameterName, 'Its payload [default: empty]')
            [CompletionResult]::new('--will-file', '--will-file', [CompletionResultType]::ParameterName, 'Its payload from this file')
            [CompletionResult]::new('--will-qos', '--will-qos', [CompletionResultType]::ParameterName, 'Its quality of service: 0, 1 or 2')
            [CompletionResult]::new('--will-delay-interval', '--will-delay-interval', [CompletionResultType]::ParameterName, 'Publish it only after this time, as in 10 or 1m (MQTT 5)')
            [CompletionResult]::new('--will-message-expiry-interval', '--will-message-expiry-interval', [CompletionResultType]::ParameterName, 'Time after which it is worth nothing (MQTT 5)')
            [CompletionResult]::new('--will-content-type', '--will-content-type', [CompletionResultType]::ParameterName, 'What its payload is, as in application/json (MQTT 5)')
            [CompletionResult]::new('--will-payload-format-indicator', '--will-payload-format-indicator', [CompletionResultType]::ParameterName, 'Whether its payload is UTF-8 text (MQTT 5)')
            [CompletionResult]::new('--will-response-topic', '--will-response-topic', [CompletionResultType]::ParameterName, 'Topic for an answer to it (MQTT 5)')
            [CompletionResult]::new('--will-correlation-data', '--will-correlation-data', [CompletionResultType]::ParameterName, 'What an answer is to repeat: text, hex:... or base64:... (MQTT 5)')
            [CompletionResult]::new('--will-user-property', '--will-user-property', [CompletionResultType]::ParameterName, 'User property of it, as in name=value (repeatable, MQTT 5)')
            [CompletionResult]::new('-x', '-x', [CompletionResultType]::ParameterName, 'Keep the session so long after the connection, as in 60, 1h or never (to end)')
            [CompletionResult]::new('--session-expiry-interval', '--session-expiry-interval', [CompletionResultType]::ParameterName, 'Keep the session so long after the connection, as in 60, 1h or never (to end)')
            [CompletionResult]::new('--receive-maximum', '--receive-maximum', [CompletionResultType]::ParameterName, 'QoS 1 and 2 messages the broker may send before they are answered')
            [CompletionResult]::new('--maximum-packet-size', '--maximum-packet-size', [CompletionResultType]::ParameterName, 'Bytes of the largest packet the broker may send')
            [CompletionResult]::new('--topic-alias-maximum', '--topic-alias-maximum', [CompletionResultType]::ParameterName, 'Topic aliases the broker may use')
            [CompletionResult]::new('--request-response-information', '--request-response-information', [CompletionResultType]::ParameterName, 'Ask for the basis of response topics')
            [CompletionResult]::new('--request-problem-information', '--request-problem-information', [CompletionResultType]::ParameterName, 'Ask for reasons in words [default: true]')
            [CompletionResult]::new('--connect-user-property', '--connect-user-property', [CompletionResultType]::ParameterName, 'User property of CONNECT, as in name=value (repeatable)')
            [CompletionResult]::new('--authentication-method', '--authentication-method', [CompletionResultType]::ParameterName, 'Method of enhanced authentication: SCRAM-SHA-256 takes user and password and checks the broker too; of others only what CONNECT says can be given')
            [CompletionResult]::new('--authentication-data', '--authentication-data', [CompletionResultType]::ParameterName, 'Data of that method: text, hex:... or base64:...')
            [CompletionResult]::new('--disconnect-session-expiry-interval', '--disconnect-session-expiry-interval', [CompletionResultType]::ParameterName, 'Session expiry in DISCONNECT: from then on this holds')
            [CompletionResult]::new('--disconnect-reason', '--disconnect-reason', [CompletionResultType]::ParameterName, 'Reason in words in DISCONNECT')
            [CompletionResult]::new('--disconnect-user-property', '--disconnect-user-property', [CompletionResultType]::ParameterName, 'User property of DISCONNECT, as in name=value (repeatable)')
            [CompletionResult]::new('-D', '-D ', [CompletionResultType]::ParameterName, 'Set a property as with mosquitto: connect, publish, subscribe, disconnect or will, its name and its value; each has an option of its own here')
            [CompletionResult]::new('--property', '--property', [CompletionResultType]::ParameterName, 'Set a property as with mosquitto: connect, publish, subscribe, disconnect or will, its name and its value; each has an option of its own here')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'File with the profiles [default: ~/.config/mqx/config.toml]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Option file of mosquitto''s clients')
            [CompletionResult]::new('--config-file', '--config-file', [CompletionResultType]::ParameterName, 'Option file of mosquitto''s clients')
            [CompletionResult]::new('-b', '-b', [CompletionResultType]::ParameterName, 'Broker as a URL: mqtt[s]://[USER[:PASSWORD]@]HOST[:PORT][/TOPIC], ws[s]://...[/PATH] or unix:///PATH (repeatable, as -h); or the name of a profile')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'Broker as a URL: mqtt[s]://[USER[:PASSWORD]@]HOST[:PORT][/TOPIC], ws[s]://...[/PATH] or unix:///PATH (repeatable, as -h); or the name of a profile')
            [CompletionResult]::new('--broker', '--broker', [CompletionResultType]::ParameterName, 'Broker as a URL: mqtt[s]://[USER[:PASSWORD]@]HOST[:PORT][/TOPIC], ws[s]://...[/PATH] or unix:///PATH (repeatable, as -h); or the name of a profile')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour what is said on stderr: auto, always or never')
            [CompletionResult]::new('-R', '-R ', [CompletionResultType]::ParameterName, 'Leave out retained messages')
            [CompletionResult]::new('--no-retained', '--no-retained', [CompletionResultType]::ParameterName, 'Leave out retained messages')
            [CompletionResult]::new('--retained-only', '--retained-only', [CompletionResultType]::ParameterName, 'Print retained messages only and end with the last, or at the first message that is not one')
            [CompletionResult]::new('--remove-retained', '--remove-retained', [CompletionResultType]::ParameterName, 'Print the retained messages, remove them from the broker, and end')
            [CompletionResult]::new('--no-local', '--no-local', [CompletionResultType]::ParameterName, 'Leave out what this client published itself (MQTT 5)')
            [CompletionResult]::new('--retain-as-published', '--retain-as-published', [CompletionResultType]::ParameterName, 'Show whether a message was published to be retained (MQTT 5)')
            [CompletionResult]::new('-E', '-E ', [CompletionResultType]::ParameterName, 'End as soon as the broker has answered the subscriptions')
            [CompletionResult]::new('--exit-after-sub', '--exit-after-sub', [CompletionResultType]::ParameterName, 'End as soon as the broker has answered the subscriptions')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print the topic before the payload')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print the topic before the payload')
            [CompletionResult]::new('-J', '-J ', [CompletionResultType]::ParameterName, 'Print each message as one line of JSON')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print each message as one line of JSON')
            [CompletionResult]::new('--pretty', '--pretty', [CompletionResultType]::ParameterName, 'Print JSON (-J, %j, %J) in several lines')
            [CompletionResult]::new('-N', '-N ', [CompletionResultType]::ParameterName, 'Print no line feed behind each message')
            [CompletionResult]::new('-w', '-w', [CompletionResultType]::ParameterName, 'Show a line for each topic: how many messages there were, how many come in a second, and the last. Where stdout is no terminal each message is a line, as with -v')
            [CompletionResult]::new('--watch', '--watch', [CompletionResultType]::ParameterName, 'Show a line for each topic: how many messages there were, how many come in a second, and the last. Where stdout is no terminal each message is a line, as with -v')
            [CompletionResult]::new('--message-rate', '--message-rate', [CompletionResultType]::ParameterName, 'Say on stderr each second how many messages came. Nothing is printed unless -v, -F or -J asks for it')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Go on with the session of this client identifier, and keep it; without -x for ever')
            [CompletionResult]::new('--disable-clean-session', '--disable-clean-session', [CompletionResultType]::ParameterName, 'Go on with the session of this client identifier, and keep it; without -x for ever')
            [CompletionResult]::new('--ws', '--ws', [CompletionResultType]::ParameterName, 'Speak MQTT over WebSocket')
            [CompletionResult]::new('--ask-password', '--ask-password', [CompletionResultType]::ParameterName, 'Ask for the password at the terminal')
            [CompletionResult]::new('-d', '-d', [CompletionResultType]::ParameterName, 'Say on stderr which packets are sent and received')
            [CompletionResult]::new('--debug', '--debug', [CompletionResultType]::ParameterName, 'Say on stderr which packets are sent and received')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on stderr, not even why it fails: the exit code tells')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Use TLS and believe any certificate; for tests only')
            [CompletionResult]::new('--no-tls', '--no-tls', [CompletionResultType]::ParameterName, 'Use no TLS, not even with port 8883')
            [CompletionResult]::new('--will-retain', '--will-retain', [CompletionResultType]::ParameterName, 'Ask the broker to keep it for later subscribers')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'mqx;rr' {
            [CompletionResult]::new('-e', '-e', [CompletionResultType]::ParameterName, 'Topic of the replies [default: in MQTT 5 one that no other run has, below what the broker says]; before MQTT 5 it is needed, and may be a filter. With --serve, where replies go to requests that do not say it')
            [CompletionResult]::new('--response-topic', '--response-topic', [CompletionResultType]::ParameterName, 'Topic of the replies [default: in MQTT 5 one that no other run has, below what the broker says]; before MQTT 5 it is needed, and may be a filter. With --serve, where replies go to requests that do not say it')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Quality of service of the request and its replies: 0, 1 or 2; with --serve the highest')
            [CompletionResult]::new('--qos', '--qos', [CompletionResultType]::ParameterName, 'Quality of service of the request and its replies: 0, 1 or 2; with --serve the highest')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'End after this many replies [default: 1], or with --serve requests')
            [CompletionResult]::new('--count', '--count', [CompletionResultType]::ParameterName, 'End after this many replies [default: 1], or with --serve requests')
            [CompletionResult]::new('-W', '-W ', [CompletionResultType]::ParameterName, 'End after this time, as in 10, 500ms or 2m, with exit code 27')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'End after this time, as in 10, 500ms or 2m, with exit code 27')
            [CompletionResult]::new('-t', '-t', [CompletionResultType]::ParameterName, 'Topic to publish the request to')
            [CompletionResult]::new('--topic', '--topic', [CompletionResultType]::ParameterName, 'Topic to publish the request to')
            [CompletionResult]::new('-m', '-m', [CompletionResultType]::ParameterName, 'Publish this text')
            [CompletionResult]::new('--message', '--message', [CompletionResultType]::ParameterName, 'Publish this text')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'Publish the content of this file; - is stdin')
            [CompletionResult]::new('--file', '--file', [CompletionResultType]::ParameterName, 'Publish the content of this file; - is stdin')
            [CompletionResult]::new('--random', '--random', [CompletionResultType]::ParameterName, 'Publish so many random bytes, as in 64, 4k or 1MB')
            [CompletionResult]::new('--encode', '--encode', [CompletionResultType]::ParameterName, 'What the payload is written in or is to become: json (which is checked), hex, base64, cbor or msgpack (from JSON)')
            [CompletionResult]::new('-F', '-F ', [CompletionResultType]::ParameterName, 'Print each message in this format, the one of mosquitto: %t topic, %p payload, %x payload in hex, %q QoS, %r retained, %j JSON, %I time ...; or with names, as in %{topic} %{user:key} %{json:.a.b} %{time:rfc3339ns} %{b64}')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Print each message in this format, the one of mosquitto: %t topic, %p payload, %x payload in hex, %q QoS, %r retained, %j JSON, %I time ...; or with names, as in %{topic} %{user:key} %{json:.a.b} %{time:rfc3339ns} %{b64}')
            [CompletionResult]::new('--correlation-data', '--correlation-data', [CompletionResultType]::ParameterName, 'What an answer is to repeat: text, hex:... or base64:...')
            [CompletionResult]::new('--serve', '--serve', [CompletionResultType]::ParameterName, 'Answer the requests that come here (repeatable), until Ctrl-C or -C; $share/GROUP/FILTER shares them with others')
            [CompletionResult]::new('--reply', '--reply', [CompletionResultType]::ParameterName, 'Answer with this text: % stands for something of the request, as in sub -F, and {{seq}}, {{now}}, {{uuid}} ... are filled in, as in pub --template')
            [CompletionResult]::new('--exec', '--exec', [CompletionResultType]::ParameterName, 'Answer with what this command of the shell prints; its stdin is the payload of the request, and MQTT_TOPIC, MQTT_QOS, MQTT_PROPERTIES ... say the rest. Where it fails there is no reply, and exit code 14 in the end')
            [CompletionResult]::new('--exec-jobs', '--exec-jobs', [CompletionResultType]::ParameterName, 'So many of these commands run at once')
            [CompletionResult]::new('--content-type', '--content-type', [CompletionResultType]::ParameterName, 'What the payload is, as in application/json')
            [CompletionResult]::new('--payload-format-indicator', '--payload-format-indicator', [CompletionResultType]::ParameterName, 'Whether the payload is UTF-8 text')
            [CompletionResult]::new('--user-property', '--user-property', [CompletionResultType]::ParameterName, 'User property, as in name=value (repeatable)')
            [CompletionResult]::new('-i', '-i', [CompletionResultType]::ParameterName, 'Client identifier; %h stands for this machine, %p for the process, %r for something random, %u for the user name [default: the broker chooses one]')
            [CompletionResult]::new('--id', '--id', [CompletionResultType]::ParameterName, 'Client identifier; %h stands for this machine, %p for the process, %r for something random, %u for the user name [default: the broker chooses one]')
            [CompletionResult]::new('-I', '-I ', [CompletionResultType]::ParameterName, 'Client identifier that begins with this and ends with the number of the process')
            [CompletionResult]::new('--id-prefix', '--id-prefix', [CompletionResultType]::ParameterName, 'Client identifier that begins with this and ends with the number of the process')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Host name or address of the broker; of several the next is tried when one fails (repeatable) [default: localhost]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Host name or address of the broker; of several the next is tried when one fails (repeatable) [default: localhost]')
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'Port of the broker [default: 1883, with TLS 8883]; 8883 means TLS')
            [CompletionResult]::new('--port', '--port', [CompletionResultType]::ParameterName, 'Port of the broker [default: 1883, with TLS 8883]; 8883 means TLS')
            [CompletionResult]::new('--unix', '--unix', [CompletionResultType]::ParameterName, 'Unix socket of the broker')
            [CompletionResult]::new('--ws-path', '--ws-path', [CompletionResultType]::ParameterName, 'Path of the broker for WebSocket [default: /mqtt]')
            [CompletionResult]::new('--ws-header', '--ws-header', [CompletionResultType]::ParameterName, 'Header of the WebSocket request, as in ''Authorization: Bearer x'' (repeatable)')
            [CompletionResult]::new('--proxy', '--proxy', [CompletionResultType]::ParameterName, 'Connect through this proxy: socks5h://, socks5://, http:// or https://[USER:PASSWORD@]HOST[:PORT], or none [default: ALL_PROXY, for wss HTTPS_PROXY before it and for ws http_proxy, unless NO_PROXY has the host]')
            [CompletionResult]::new('-A', '-A ', [CompletionResultType]::ParameterName, 'Connect from this address of the machine')
            [CompletionResult]::new('--bind', '--bind', [CompletionResultType]::ParameterName, 'Connect from this address of the machine')
            [CompletionResult]::new('-u', '-u', [CompletionResultType]::ParameterName, 'User name')
            [CompletionResult]::new('--username', '--username', [CompletionResultType]::ParameterName, 'User name')
            [CompletionResult]::new('-P', '-P ', [CompletionResultType]::ParameterName, 'Password; on this machine everybody can see it, unlike with the next four')
            [CompletionResult]::new('--password', '--password', [CompletionResultType]::ParameterName, 'Password; on this machine everybody can see it, unlike with the next four')
            [CompletionResult]::new('--password-file', '--password-file', [CompletionResultType]::ParameterName, 'Take the password from this file')
            [CompletionResult]::new('--password-env', '--password-env', [CompletionResultType]::ParameterName, 'Take the password from this variable of the environment')
            [CompletionResult]::new('--password-command', '--password-command', [CompletionResultType]::ParameterName, 'Take the password from what this command of the shell prints')
            [CompletionResult]::new('-k', '-k', [CompletionResultType]::ParameterName, 'Seconds of silence after which a ping is sent; 0 for none')
            [CompletionResult]::new('--keepalive', '--keepalive', [CompletionResultType]::ParameterName, 'Seconds of silence after which a ping is sent; 0 for none')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Version of MQTT: 5, 3.1.1 or 3.1 [default: 5, and 3.1.1 if the broker refuses it]')
            [CompletionResult]::new('--mqtt-version', '--mqtt-version', [CompletionResultType]::ParameterName, 'Version of MQTT: 5, 3.1.1 or 3.1 [default: 5, and 3.1.1 if the broker refuses it]')
            [CompletionResult]::new('--connect-timeout', '--connect-timeout', [CompletionResultType]::ParameterName, 'Give up connecting after this time, as in 10, 500ms or 2m')
            [CompletionResult]::new('--engine', '--engine', [CompletionResultType]::ParameterName, 'Whose implementation of MQTT speaks: native (that of mqx) or rumqttc')
            [CompletionResult]::new('--jwt-key', '--jwt-key', [CompletionResultType]::ParameterName, 'Sign a token with this private key (PEM) for a password, a new one for every connection')
            [CompletionResult]::new('--jwt-alg', '--jwt-alg', [CompletionResultType]::ParameterName, 'How to sign it: RS256 or ES256 [default: as the key is made for]')
            [CompletionResult]::new('--jwt-aud', '--jwt-aud', [CompletionResultType]::ParameterName, 'Whom it is for (aud; repeatable)')
            [CompletionResult]::new('--jwt-sub', '--jwt-sub', [CompletionResultType]::ParameterName, 'Whom it is about (sub) [default: the user name]')
            [CompletionResult]::new('--jwt-iss', '--jwt-iss', [CompletionResultType]::ParameterName, 'Whom it is from (iss)')
            [CompletionResult]::new('--jwt-kid', '--jwt-kid', [CompletionResultType]::ParameterName, 'Name of the key (kid)')
            [CompletionResult]::new('--jwt-claim', '--jwt-claim', [CompletionResultType]::ParameterName, 'Another claim, as in name=value; a value in JSON is taken as that (repeatable)')
            [CompletionResult]::new('--jwt-ttl', '--jwt-ttl', [CompletionResultType]::ParameterName, 'How long it counts, as in 600 or 1h')
            [CompletionResult]::new('--tls', '--tls', [CompletionResultType]::ParameterName, 'Use TLS; trust the CA in this file, or without one those of the system')
            [CompletionResult]::new('--cafile', '--cafile', [CompletionResultType]::ParameterName, 'The same as --tls with a CA')
            [CompletionResult]::new('--capath', '--capath', [CompletionResultType]::ParameterName, 'Use TLS and trust the CAs in the PEM files of this directory')
            [CompletionResult]::new('--cert', '--cert', [CompletionResultType]::ParameterName, 'Use TLS and show this certificate to the broker (PEM)')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'The private key of that certificate (PEM, also encrypted PKCS#8)')
            [CompletionResult]::new('--p12', '--p12', [CompletionResultType]::ParameterName, 'Use TLS and show the certificate in this PKCS#12 file, which has its key too')
            [CompletionResult]::new('--key-password', '--key-password', [CompletionResultType]::ParameterName, 'Password of the private key, or of the PKCS#12 file; on this machine everybody can see it')
            [CompletionResult]::new('--key-password-file', '--key-password-file', [CompletionResultType]::ParameterName, 'Take the password of the private key from this file')
            [CompletionResult]::new('--key-password-env', '--key-password-env', [CompletionResultType]::ParameterName, 'Take the password of the private key from this variable of the environment')
            [CompletionResult]::new('--sni', '--sni', [CompletionResultType]::ParameterName, 'Name to ask the broker for (SNI) and to check its certificate with, in place of the host')
            [CompletionResult]::new('--tls-alpn', '--tls-alpn', [CompletionResultType]::ParameterName, 'Application protocol to offer (ALPN), as in mqtt or x-amzn-mqtt-ca (repeatable)')
            [CompletionResult]::new('--tls-version', '--tls-version', [CompletionResultType]::ParameterName, 'Speak this version of TLS and no other: 1.2 or 1.3')
            [CompletionResult]::new('--ciphers', '--ciphers', [CompletionResultType]::ParameterName, 'Offer these cipher suites and no others, by their names of IANA or OpenSSL with colons between them; what is not known is told')
            [CompletionResult]::new('--tls-keylog', '--tls-keylog', [CompletionResultType]::ParameterName, 'Append the secrets of TLS to this file, for Wireshark [default: that of SSLKEYLOGFILE]')
            [CompletionResult]::new('--will-topic', '--will-topic', [CompletionResultType]::ParameterName, 'Topic of the message the broker publishes when the connection is lost')
            [CompletionResult]::new('--will-payload', '--will-payload', [CompletionResultType]::ParameterName, 'Its payload [default: empty]')
            [CompletionResult]::new('--will-file', '--will-file', [CompletionResultType]::ParameterName, 'Its payload from this file')
            [CompletionResult]::new('--will-qos', '--will-qos', [CompletionResultType]::ParameterName, 'Its quality of service: 0, 1 or 2')
            [CompletionResult]::new('--will-delay-interval', '--will-delay-interval', [CompletionResultType]::ParameterName, 'Publish it only after this time, as in 10 or 1m (MQTT 5)')
            [CompletionResult]::new('--will-message-expiry-interval', '--will-message-expiry-interval', [CompletionResultType]::ParameterName, 'Time after which it is worth nothing (MQTT 5)')
            [CompletionResult]::new('--will-content-type', '--will-content-type', [CompletionResultType]::ParameterName, 'What its payload is, as in application/json (MQTT 5)')
            [CompletionResult]::new('--will-payload-format-indicator', '--will-payload-format-indicator', [CompletionResultType]::ParameterName, 'Whether its payload is UTF-8 text (MQTT 5)')
            [CompletionResult]::new('--will-response-topic', '--will-response-topic', [CompletionResultType]::ParameterName, 'Topic for an answer to it (MQTT 5)')
            [CompletionResult]::new('--will-correlation-data', '--will-correlation-data', [CompletionResultType]::ParameterName, 'What an answer is to repeat: text, hex:... or base64:... (MQTT 5)')
            [CompletionResult]::new('--will-user-property', '--will-user-property', [CompletionResultType]::ParameterName, 'User property of it, as in name=value (repeatable, MQTT 5)')
            [CompletionResult]::new('-x', '-x', [CompletionResultType]::ParameterName, 'Keep the session so long after the connection, as in 60, 1h or never (to end)')
            [CompletionResult]::new('--session-expiry-interval', '--session-expiry-interval', [CompletionResultType]::ParameterName, 'Keep the session so long after the connection, as in 60, 1h or never (to end)')
            [CompletionResult]::new('--receive-maximum', '--receive-maximum', [CompletionResultType]::ParameterName, 'QoS 1 and 2 messages the broker may send before they are answered')
            [CompletionResult]::new('--maximum-packet-size', '--maximum-packet-size', [CompletionResultType]::ParameterName, 'Bytes of the largest packet the broker may send')
            [CompletionResult]::new('--topic-alias-maximum', '--topic-alias-maximum', [CompletionResultType]::ParameterName, 'Topic aliases the broker may use')
            [CompletionResult]::new('--request-response-information', '--request-response-information', [CompletionResultType]::ParameterName, 'Ask for the basis of response topics')
            [CompletionResult]::new('--request-problem-information', '--request-problem-information', [CompletionResultType]::ParameterName, 'Ask for reasons in words [default: true]')
            [CompletionResult]::new('--connect-user-property', '--connect-user-property', [CompletionResultType]::ParameterName, 'User property of CONNECT, as in name=value (repeatable)')
            [CompletionResult]::new('--authentication-method', '--authentication-method', [CompletionResultType]::ParameterName, 'Method of enhanced authentication: SCRAM-SHA-256 takes user and password and checks the broker too; of others only what CONNECT says can be given')
            [CompletionResult]::new('--authentication-data', '--authentication-data', [CompletionResultType]::ParameterName, 'Data of that method: text, hex:... or base64:...')
            [CompletionResult]::new('--disconnect-session-expiry-interval', '--disconnect-session-expiry-interval', [CompletionResultType]::ParameterName, 'Session expiry in DISCONNECT: from then on this holds')
            [CompletionResult]::new('--disconnect-reason', '--disconnect-reason', [CompletionResultType]::ParameterName, 'Reason in words in DISCONNECT')
            [CompletionResult]::new('--disconnect-user-property', '--disconnect-user-property', [CompletionResultType]::ParameterName, 'User property of DISCONNECT, as in name=value (repeatable)')
            [CompletionResult]::new('-D', '-D ', [CompletionResultType]::ParameterName, 'Set a property as with mosquitto: connect, publish, subscribe, disconnect or will, its name and its value; each has an option of its own here')
            [CompletionResult]::new('--property', '--property', [CompletionResultType]::ParameterName, 'Set a property as with mosquitto: connect, publish, subscribe, disconnect or will, its name and its value; each has an option of its own here')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'File with the profiles [default: ~/.config/mqx/config.toml]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Option file of mosquitto''s clients')
            [CompletionResult]::new('--config-file', '--config-file', [CompletionResultType]::ParameterName, 'Option file of mosquitto''s clients')
            [CompletionResult]::new('--message-expiry-interval', '--message-expiry-interval', [CompletionResultType]::ParameterName, 'Time after which the message is worth nothing, as in 60 or 1h')
            [CompletionResult]::new('-b', '-b', [CompletionResultType]::ParameterName, 'Broker as a URL: mqtt[s]://[USER[:PASSWORD]@]HOST[:PORT][/TOPIC], ws[s]://...[/PATH] or unix:///PATH (repeatable, as -h); or the name of a profile')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'Broker as a URL: mqtt[s]://[USER[:PASSWORD]@]HOST[:PORT][/TOPIC], ws[s]://...[/PATH] or unix:///PATH (repeatable, as -h); or the name of a profile')
            [CompletionResult]::new('--broker', '--broker', [CompletionResultType]::ParameterName, 'Broker as a URL: mqtt[s]://[USER[:PASSWORD]@]HOST[:PORT][/TOPIC], ws[s]://...[/PATH] or unix:///PATH (repeatable, as -h); or the name of a profile')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour what is said on stderr: auto, always or never')
            [CompletionResult]::new('-r', '-r', [CompletionResultType]::ParameterName, 'Ask the broker to keep the request, or with --serve the replies')
            [CompletionResult]::new('--retain', '--retain', [CompletionResultType]::ParameterName, 'Ask the broker to keep the request, or with --serve the replies')
            [CompletionResult]::new('--any-reply', '--any-reply', [CompletionResultType]::ParameterName, 'Take everything on the topic of the replies for one, with whatever correlation data, and make none up')
            [CompletionResult]::new('-R', '-R ', [CompletionResultType]::ParameterName, 'Leave out what the broker had kept there, which --any-reply takes too')
            [CompletionResult]::new('--no-retained', '--no-retained', [CompletionResultType]::ParameterName, 'Leave out what the broker had kept there, which --any-reply takes too')
            [CompletionResult]::new('--fail-if-no-subscriber', '--fail-if-no-subscriber', [CompletionResultType]::ParameterName, 'Fail when nobody is subscribed to hear the request (QoS 1 and 2, MQTT 5, if the broker tells); without it that is told on stderr')
            [CompletionResult]::new('--latency', '--latency', [CompletionResultType]::ParameterName, 'Say on stderr how long the first reply took')
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'Publish all of stdin as one message')
            [CompletionResult]::new('--stdin-file', '--stdin-file', [CompletionResultType]::ParameterName, 'Publish all of stdin as one message')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Publish an empty message; with -r it removes the retained one')
            [CompletionResult]::new('--null-message', '--null-message', [CompletionResultType]::ParameterName, 'Publish an empty message; with -r it removes the retained one')
            [CompletionResult]::new('--template', '--template', [CompletionResultType]::ParameterName, 'Fill in, in payload and topic: {{seq}}, {{now}}, {{unix}}, {{unix_ms}}, {{unix_us}}, {{unix_ns}}, {{uuid}}, {{rand 1 9}}, {{hex 8}}, {{pick a b}}')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print the topic before the payload')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print the topic before the payload')
            [CompletionResult]::new('-J', '-J ', [CompletionResultType]::ParameterName, 'Print each message as one line of JSON')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print each message as one line of JSON')
            [CompletionResult]::new('--pretty', '--pretty', [CompletionResultType]::ParameterName, 'Print JSON (-J, %j, %J) in several lines')
            [CompletionResult]::new('-N', '-N ', [CompletionResultType]::ParameterName, 'Print no line feed behind each message')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Go on with the session of this client identifier, and keep it; without -x for ever')
            [CompletionResult]::new('--disable-clean-session', '--disable-clean-session', [CompletionResultType]::ParameterName, 'Go on with the session of this client identifier, and keep it; without -x for ever')
            [CompletionResult]::new('--ws', '--ws', [CompletionResultType]::ParameterName, 'Speak MQTT over WebSocket')
            [CompletionResult]::new('--ask-password', '--ask-password', [CompletionResultType]::ParameterName, 'Ask for the password at the terminal')
            [CompletionResult]::new('-d', '-d', [CompletionResultType]::ParameterName, 'Say on stderr which packets are sent and received')
            [CompletionResult]::new('--debug', '--debug', [CompletionResultType]::ParameterName, 'Say on stderr which packets are sent and received')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on stderr, not even why it fails: the exit code tells')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Use TLS and believe any certificate; for tests only')
            [CompletionResult]::new('--no-tls', '--no-tls', [CompletionResultType]::ParameterName, 'Use no TLS, not even with port 8883')
            [CompletionResult]::new('--will-retain', '--will-retain', [CompletionResultType]::ParameterName, 'Ask the broker to keep it for later subscribers')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'mqx;bench' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Clients: those that publish, of sub and fanout those that receive, of conn all')
            [CompletionResult]::new('--count', '--count', [CompletionResultType]::ParameterName, 'Clients: those that publish, of sub and fanout those that receive, of conn all')
            [CompletionResult]::new('--publishers', '--publishers', [CompletionResultType]::ParameterName, 'Clients that publish, of rr those that ask')
            [CompletionResult]::new('--subscribers', '--subscribers', [CompletionResultType]::ParameterName, 'Clients that receive what every publisher sends, of rr those that answer')
            [CompletionResult]::new('-R', '-R ', [CompletionResultType]::ParameterName, 'Open so many connections per second [default: as many as possible]')
            [CompletionResult]::new('--conn-rate', '--conn-rate', [CompletionResultType]::ParameterName, 'Open so many connections per second [default: as many as possible]')
            [CompletionResult]::new('-i', '-i', [CompletionResultType]::ParameterName, 'Time from one connection to the next, as in 10 (milliseconds) or 1s')
            [CompletionResult]::new('--interval', '--interval', [CompletionResultType]::ParameterName, 'Time from one connection to the next, as in 10 (milliseconds) or 1s')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The number of the first client')
            [CompletionResult]::new('--startnumber', '--startnumber', [CompletionResultType]::ParameterName, 'The number of the first client')
            [CompletionResult]::new('--rows', '--rows', [CompletionResultType]::ParameterName, 'CSV file with a row for each client, counted around; {row.NAME} in user name, password, identifier, topic and message is what the row has in this column')
            [CompletionResult]::new('--retry', '--retry', [CompletionResultType]::ParameterName, 'How often in a row a client tries again to connect, or forever')
            [CompletionResult]::new('--retry-delay', '--retry-delay', [CompletionResultType]::ParameterName, 'Time before a client tries again, as in 500 (milliseconds) or 1s')
            [CompletionResult]::new('--churn', '--churn', [CompletionResultType]::ParameterName, 'Connections per second that are closed and opened again')
            [CompletionResult]::new('--storm', '--storm', [CompletionResultType]::ParameterName, 'Cut all connections together this often, without a word, so that all come back at once and their wills are published')
            [CompletionResult]::new('--rate', '--rate', [CompletionResultType]::ParameterName, 'Messages per second of all publishers together [default: as many as possible]')
            [CompletionResult]::new('-I', '-I ', [CompletionResultType]::ParameterName, 'Time from one message of a publisher to its next, as in 100 (milliseconds) or 2s')
            [CompletionResult]::new('--interval-of-msg', '--interval-of-msg', [CompletionResultType]::ParameterName, 'Time from one message of a publisher to its next, as in 100 (milliseconds) or 2s')
            [CompletionResult]::new('--jitter', '--jitter', [CompletionResultType]::ParameterName, 'Let each message be due up to so much later, at random')
            [CompletionResult]::new('-t', '-t', [CompletionResultType]::ParameterName, 'Publish to this topic, or subscribe to it where others publish: %i is the number of the client, %c its identifier, %u its user, %s the number of the message, %rand_8 something random, {row.NAME} a column of --rows [default: topics no other run has]')
            [CompletionResult]::new('--topic', '--topic', [CompletionResultType]::ParameterName, 'Publish to this topic, or subscribe to it where others publish: %i is the number of the client, %c its identifier, %u its user, %s the number of the message, %rand_8 something random, {row.NAME} a column of --rows [default: topics no other run has]')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Quality of service of publishes and subscriptions: 0, 1 or 2')
            [CompletionResult]::new('--qos', '--qos', [CompletionResultType]::ParameterName, 'Quality of service of publishes and subscriptions: 0, 1 or 2')
            [CompletionResult]::new('-r', '-r', [CompletionResultType]::ParameterName, 'Let the broker keep the last message of each topic')
            [CompletionResult]::new('--retain', '--retain', [CompletionResultType]::ParameterName, 'Let the broker keep the last message of each topic')
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'Bytes of each payload, as in 64, 4k, 1MB, or 32-4k for all sizes between; at least 32')
            [CompletionResult]::new('--size', '--size', [CompletionResultType]::ParameterName, 'Bytes of each payload, as in 64, 4k, 1MB, or 32-4k for all sizes between; at least 32')
            [CompletionResult]::new('-m', '-m', [CompletionResultType]::ParameterName, 'Publish this text, with the places of a topic and those of `mqx pub --template`; template://FILE takes it from a file')
            [CompletionResult]::new('--message', '--message', [CompletionResultType]::ParameterName, 'Publish this text, with the places of a topic and those of `mqx pub --template`; template://FILE takes it from a file')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'Publish the content of this file')
            [CompletionResult]::new('--file', '--file', [CompletionResultType]::ParameterName, 'Publish the content of this file')
            [CompletionResult]::new('--template', '--template', [CompletionResultType]::ParameterName, 'Publish what is in this file, with places as in --message')
            [CompletionResult]::new('--payload-hdrs', '--payload-hdrs', [CompletionResultType]::ParameterName, 'Begin payloads as emqtt-bench does, and recognise them by that: cnt64, ts or cnt64,ts')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'End after this many messages of all publishers together')
            [CompletionResult]::new('--limit', '--limit', [CompletionResultType]::ParameterName, 'End after this many messages of all publishers together')
            [CompletionResult]::new('--per-client-limit', '--per-client-limit', [CompletionResultType]::ParameterName, 'End after this many messages of each publisher')
            [CompletionResult]::new('-F', '-F ', [CompletionResultType]::ParameterName, 'Messages of QoS 1 and 2 that each publisher has unacknowledged at once')
            [CompletionResult]::new('--inflight', '--inflight', [CompletionResultType]::ParameterName, 'Messages of QoS 1 and 2 that each publisher has unacknowledged at once')
            [CompletionResult]::new('--buffer', '--buffer', [CompletionResultType]::ParameterName, 'Messages each publisher keeps while it cannot send them; of more the oldest are given up [default: all]')
            [CompletionResult]::new('--duration', '--duration', [CompletionResultType]::ParameterName, 'End after this time, as in 10, 500ms or 2m [default: run until Ctrl-C]')
            [CompletionResult]::new('--warmup', '--warmup', [CompletionResultType]::ParameterName, 'Do not measure what is due in this time at the beginning')
            [CompletionResult]::new('-w', '-w', [CompletionResultType]::ParameterName, 'Whether publishing begins when everybody is connected; otherwise each client begins when it is')
            [CompletionResult]::new('--wait-before-publishing', '--wait-before-publishing', [CompletionResultType]::ParameterName, 'Whether publishing begins when everybody is connected; otherwise each client begins when it is')
            [CompletionResult]::new('--local-addresses', '--local-addresses', [CompletionResultType]::ParameterName, 'Connect from these addresses of the machine in turn, as in 10.0.0.1,10.0.0.2: each has ports of its own')
            [CompletionResult]::new('--broker-pid', '--broker-pid', [CompletionResultType]::ParameterName, 'Report the processor time and memory of this process, which is the broker''s')
            [CompletionResult]::new('--id', '--id', [CompletionResultType]::ParameterName, 'Client identifier, with the places of a topic, or what every one begins with [default: mqx-bench and the run]')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Whether sessions begin anew with each connection')
            [CompletionResult]::new('--clean', '--clean', [CompletionResultType]::ParameterName, 'Whether sessions begin anew with each connection')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Host name or address of the broker; of several the next is tried when one fails (repeatable) [default: localhost]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Host name or address of the broker; of several the next is tried when one fails (repeatable) [default: localhost]')
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'Port of the broker [default: 1883, with TLS 8883]; 8883 means TLS')
            [CompletionResult]::new('--port', '--port', [CompletionResultType]::ParameterName, 'Port of the broker [default: 1883, with TLS 8883]; 8883 means TLS')
            [CompletionResult]::new('-b', '-b', [CompletionResultType]::ParameterName, 'Broker as a URL: mqtt[s]://[USER[:PASSWORD]@]HOST[:PORT][/TOPIC], ws[s]://...[/PATH] or unix:///PATH (repeatable, as -h); or the name of a profile')
            [CompletionResult]::new('--broker', '--broker', [CompletionResultType]::ParameterName, 'Broker as a URL: mqtt[s]://[USER[:PASSWORD]@]HOST[:PORT][/TOPIC], ws[s]://...[/PATH] or unix:///PATH (repeatable, as -h); or the name of a profile')
            [CompletionResult]::new('--unix', '--unix', [CompletionResultType]::ParameterName, 'Unix socket of the broker')
            [CompletionResult]::new('--ws-path', '--ws-path', [CompletionResultType]::ParameterName, 'Path of the broker for WebSocket [default: /mqtt]')
            [CompletionResult]::new('--ws-header', '--ws-header', [CompletionResultType]::ParameterName, 'Header of the WebSocket request, as in ''Authorization: Bearer x'' (repeatable)')
            [CompletionResult]::new('--proxy', '--proxy', [CompletionResultType]::ParameterName, 'Connect through this proxy: socks5h://, socks5://, http:// or https://[USER:PASSWORD@]HOST[:PORT], or none [default: ALL_PROXY, for wss HTTPS_PROXY before it and for ws http_proxy, unless NO_PROXY has the host]')
            [CompletionResult]::new('-A', '-A ', [CompletionResultType]::ParameterName, 'Connect from this address of the machine')
            [CompletionResult]::new('--bind', '--bind', [CompletionResultType]::ParameterName, 'Connect from this address of the machine')
            [CompletionResult]::new('-u', '-u', [CompletionResultType]::ParameterName, 'User name')
            [CompletionResult]::new('--username', '--username', [CompletionResultType]::ParameterName, 'User name')
            [CompletionResult]::new('-P', '-P ', [CompletionResultType]::ParameterName, 'Password; on this machine everybody can see it, unlike with the next four')
            [CompletionResult]::new('--password', '--password', [CompletionResultType]::ParameterName, 'Password; on this machine everybody can see it, unlike with the next four')
            [CompletionResult]::new('--password-file', '--password-file', [CompletionResultType]::ParameterName, 'Take the password from this file')
            [CompletionResult]::new('--password-env', '--password-env', [CompletionResultType]::ParameterName, 'Take the password from this variable of the environment')
            [CompletionResult]::new('--password-command', '--password-command', [CompletionResultType]::ParameterName, 'Take the password from what this command of the shell prints')
            [CompletionResult]::new('-k', '-k', [CompletionResultType]::ParameterName, 'Seconds of silence after which a ping is sent; 0 for none')
            [CompletionResult]::new('--keepalive', '--keepalive', [CompletionResultType]::ParameterName, 'Seconds of silence after which a ping is sent; 0 for none')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Version of MQTT: 5, 3.1.1 or 3.1 [default: 5, and 3.1.1 if the broker refuses it]')
            [CompletionResult]::new('--mqtt-version', '--mqtt-version', [CompletionResultType]::ParameterName, 'Version of MQTT: 5, 3.1.1 or 3.1 [default: 5, and 3.1.1 if the broker refuses it]')
            [CompletionResult]::new('--connect-timeout', '--connect-timeout', [CompletionResultType]::ParameterName, 'Give up connecting after this time, as in 10, 500ms or 2m')
            [CompletionResult]::new('--engine', '--engine', [CompletionResultType]::ParameterName, 'Whose implementation of MQTT speaks: native (that of mqx) or rumqttc')
            [CompletionResult]::new('--jwt-key', '--jwt-key', [CompletionResultType]::ParameterName, 'Sign a token with this private key (PEM) for a password, a new one for every connection')
            [CompletionResult]::new('--jwt-alg', '--jwt-alg', [CompletionResultType]::ParameterName, 'How to sign it: RS256 or ES256 [default: as the key is made for]')
            [CompletionResult]::new('--jwt-aud', '--jwt-aud', [CompletionResultType]::ParameterName, 'Whom it is for (aud; repeatable)')
            [CompletionResult]::new('--jwt-sub', '--jwt-sub', [CompletionResultType]::ParameterName, 'Whom it is about (sub) [default: the user name]')
            [CompletionResult]::new('--jwt-iss', '--jwt-iss', [CompletionResultType]::ParameterName, 'Whom it is from (iss)')
            [CompletionResult]::new('--jwt-kid', '--jwt-kid', [CompletionResultType]::ParameterName, 'Name of the key (kid)')
            [CompletionResult]::new('--jwt-claim', '--jwt-claim', [CompletionResultType]::ParameterName, 'Another claim, as in name=value; a value in JSON is taken as that (repeatable)')
            [CompletionResult]::new('--jwt-ttl', '--jwt-ttl', [CompletionResultType]::ParameterName, 'How long it counts, as in 600 or 1h')
            [CompletionResult]::new('--tls', '--tls', [CompletionResultType]::ParameterName, 'Use TLS; trust the CA in this file, or without one those of the system')
            [CompletionResult]::new('--cafile', '--cafile', [CompletionResultType]::ParameterName, 'The same as --tls with a CA')
            [CompletionResult]::new('--capath', '--capath', [CompletionResultType]::ParameterName, 'Use TLS and trust the CAs in the PEM files of this directory')
            [CompletionResult]::new('--cert', '--cert', [CompletionResultType]::ParameterName, 'Use TLS and show this certificate to the broker (PEM)')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'The private key of that certificate (PEM, also encrypted PKCS#8)')
            [CompletionResult]::new('--p12', '--p12', [CompletionResultType]::ParameterName, 'Use TLS and show the certificate in this PKCS#12 file, which has its key too')
            [CompletionResult]::new('--key-password', '--key-password', [CompletionResultType]::ParameterName, 'Password of the private key, or of the PKCS#12 file; on this machine everybody can see it')
            [CompletionResult]::new('--key-password-file', '--key-password-file', [CompletionResultType]::ParameterName, 'Take the password of the private key from this file')
            [CompletionResult]::new('--key-password-env', '--key-password-env', [CompletionResultType]::ParameterName, 'Take the password of the private key from this variable of the environment')
            [CompletionResult]::new('--sni', '--sni', [CompletionResultType]::ParameterName, 'Name to ask the broker for (SNI) and to check its certificate with, in place of the host')
            [CompletionResult]::new('--tls-alpn', '--tls-alpn', [CompletionResultType]::ParameterName, 'Application protocol to offer (ALPN), as in mqtt or x-amzn-mqtt-ca (repeatable)')
            [CompletionResult]::new('--tls-version', '--tls-version', [CompletionResultType]::ParameterName, 'Speak this version of TLS and no other: 1.2 or 1.3')
            [CompletionResult]::new('--ciphers', '--ciphers', [CompletionResultType]::ParameterName, 'Offer these cipher suites and no others, by their names of IANA or OpenSSL with colons between them; what is not known is told')
            [CompletionResult]::new('--tls-keylog', '--tls-keylog', [CompletionResultType]::ParameterName, 'Append the secrets of TLS to this file, for Wireshark [default: that of SSLKEYLOGFILE]')
            [CompletionResult]::new('--will-topic', '--will-topic', [CompletionResultType]::ParameterName, 'Topic of the message the broker publishes when the connection is lost')
            [CompletionResult]::new('--will-payload', '--will-payload', [CompletionResultType]::ParameterName, 'Its payload [default: empty]')
            [CompletionResult]::new('--will-file', '--will-file', [CompletionResultType]::ParameterName, 'Its payload from this file')
            [CompletionResult]::new('--will-qos', '--will-qos', [CompletionResultType]::ParameterName, 'Its quality of service: 0, 1 or 2')
            [CompletionResult]::new('--will-delay-interval', '--will-delay-interval', [CompletionResultType]::ParameterName, 'Publish it only after this time, as in 10 or 1m (MQTT 5)')
            [CompletionResult]::new('--will-message-expiry-interval', '--will-message-expiry-interval', [CompletionResultType]::ParameterName, 'Time after which it is worth nothing (MQTT 5)')
            [CompletionResult]::new('--will-content-type', '--will-content-type', [CompletionResultType]::ParameterName, 'What its payload is, as in application/json (MQTT 5)')
            [CompletionResult]::new('--will-payload-format-indicator', '--will-payload-format-indicator', [CompletionResultType]::ParameterName, 'Whether its payload is UTF-8 text (MQTT 5)')
            [CompletionResult]::new('--will-response-topic', '--will-response-topic', [CompletionResultType]::ParameterName, 'Topic for an answer to it (MQTT 5)')
            [CompletionResult]::new('--will-correlation-data', '--will-correlation-data', [CompletionResultType]::ParameterName, 'What an answer is to repeat: text, hex:... or base64:... (MQTT 5)')
            [CompletionResult]::new('--will-user-property', '--will-user-property', [CompletionResultType]::ParameterName, 'User property of it, as in name=value (repeatable, MQTT 5)')
            [CompletionResult]::new('-x', '-x', [CompletionResultType]::ParameterName, 'Keep the session so long after the connection, as in 60, 1h or never (to end)')
            [CompletionResult]::new('--session-expiry-interval', '--session-expiry-interval', [CompletionResultType]::ParameterName, 'Keep the session so long after the connection, as in 60, 1h or never (to end)')
            [CompletionResult]::new('--receive-maximum', '--receive-maximum', [CompletionResultType]::ParameterName, 'QoS 1 and 2 messages the broker may send before they are answered')
            [CompletionResult]::new('--maximum-packet-size', '--maximum-packet-size', [CompletionResultType]::ParameterName, 'Bytes of the largest packet the broker may send')
            [CompletionResult]::new('--topic-alias-maximum', '--topic-alias-maximum', [CompletionResultType]::ParameterName, 'Topic aliases the broker may use')
            [CompletionResult]::new('--request-response-information', '--request-response-information', [CompletionResultType]::ParameterName, 'Ask for the basis of response topics')
            [CompletionResult]::new('--request-problem-information', '--request-problem-information', [CompletionResultType]::ParameterName, 'Ask for reasons in words [default: true]')
            [CompletionResult]::new('--connect-user-property', '--connect-user-property', [CompletionResultType]::ParameterName, 'User property of CONNECT, as in name=value (repeatable)')
            [CompletionResult]::new('--authentication-method', '--authentication-method', [CompletionResultType]::ParameterName, 'Method of enhanced authentication: SCRAM-SHA-256 takes user and password and checks the broker too; of others only what CONNECT says can be given')
            [CompletionResult]::new('--authentication-data', '--authentication-data', [CompletionResultType]::ParameterName, 'Data of that method: text, hex:... or base64:...')
            [CompletionResult]::new('--disconnect-session-expiry-interval', '--disconnect-session-expiry-interval', [CompletionResultType]::ParameterName, 'Session expiry in DISCONNECT: from then on this holds')
            [CompletionResult]::new('--disconnect-reason', '--disconnect-reason', [CompletionResultType]::ParameterName, 'Reason in words in DISCONNECT')
            [CompletionResult]::new('--disconnect-user-property', '--disconnect-user-property', [CompletionResultType]::ParameterName, 'User property of DISCONNECT, as in name=value (repeatable)')
            [CompletionResult]::new('-D', '-D ', [CompletionResultType]::ParameterName, 'Set a property as with mosquitto: connect, publish, subscribe, disconnect or will, its name and its value; each has an option of its own here')
            [CompletionResult]::new('--property', '--property', [CompletionResultType]::ParameterName, 'Set a property as with mosquitto: connect, publish, subscribe, disconnect or will, its name and its value; each has an option of its own here')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'File with the profiles [default: ~/.config/mqx/config.toml]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Option file of mosquitto''s clients')
            [CompletionResult]::new('--config-file', '--config-file', [CompletionResultType]::ParameterName, 'Option file of mosquitto''s clients')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour what is said on stderr: auto, always or never')
            [CompletionResult]::new('--keep-connected', '--keep-connected', [CompletionResultType]::ParameterName, 'Keep the connections open when everything is sent, until the end or Ctrl-C')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the report as one JSON object')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Fail if the load generator was the limit instead of the broker')
            [CompletionResult]::new('--embedded', '--embedded', [CompletionResultType]::ParameterName, 'Start a broker inside this process, on a free port, and measure that')
            [CompletionResult]::new('--ws', '--ws', [CompletionResultType]::ParameterName, 'Speak MQTT over WebSocket')
            [CompletionResult]::new('--ask-password', '--ask-password', [CompletionResultType]::ParameterName, 'Ask for the password at the terminal')
            [CompletionResult]::new('-d', '-d', [CompletionResultType]::ParameterName, 'Say on stderr which packets are sent and received')
            [CompletionResult]::new('--debug', '--debug', [CompletionResultType]::ParameterName, 'Say on stderr which packets are sent and received')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on stderr, not even why it fails: the exit code tells')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Use TLS and believe any certificate; for tests only')
            [CompletionResult]::new('--no-tls', '--no-tls', [CompletionResultType]::ParameterName, 'Use no TLS, not even with port 8883')
            [CompletionResult]::new('--will-retain', '--will-retain', [CompletionResultType]::ParameterName, 'Ask the broker to keep it for later subscribers')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('merge', 'merge', [CompletionResultType]::ParameterValue, 'Add up the reports of runs, as those of shards')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'mqx;bench;merge' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour what is said on stderr: auto, always or never')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the sum as one JSON object')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'mqx;bench;help' {
            [CompletionResult]::new('merge', 'merge', [CompletionResultType]::ParameterValue, 'Add up the reports of runs, as those of shards')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'mqx;bench;help;merge' {
            break
        }
        'mqx;bench;help;help' {
            break
        }
        'mqx;doctor' {
            [CompletionResult]::new('-t', '-t', [CompletionResultType]::ParameterName, 'What the topics begin with that are published to [default: mqx/doctor/ and something random]')
            [CompletionResult]::new('--topic', '--topic', [CompletionResultType]::ParameterName, 'What the topics begin with that are published to [default: mqx/doctor/ and something random]')
            [CompletionResult]::new('-i', '-i', [CompletionResultType]::ParameterName, 'Client identifier; %h stands for this machine, %p for the process, %r for something random, %u for the user name [default: the broker chooses one]')
            [CompletionResult]::new('--id', '--id', [CompletionResultType]::ParameterName, 'Client identifier; %h stands for this machine, %p for the process, %r for something random, %u for the user name [default: the broker chooses one]')
            [CompletionResult]::new('-I', '-I ', [CompletionResultType]::ParameterName, 'Client identifier that begins with this and ends with the number of the process')
            [CompletionResult]::new('--id-prefix', '--id-prefix', [CompletionResultType]::ParameterName, 'Client identifier that begins with this and ends with the number of the process')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Host name or address of the broker; of several the next is tried when one fails (repeatable) [default: localhost]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Host name or address of the broker; of several the next is tried when one fails (repeatable) [default: localhost]')
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'Port of the broker [default: 1883, with TLS 8883]; 8883 means TLS')
            [CompletionResult]::new('--port', '--port', [CompletionResultType]::ParameterName, 'Port of the broker [default: 1883, with TLS 8883]; 8883 means TLS')
            [CompletionResult]::new('--unix', '--unix', [CompletionResultType]::ParameterName, 'Unix socket of the broker')
            [CompletionResult]::new('--ws-path', '--ws-path', [CompletionResultType]::ParameterName, 'Path of the broker for WebSocket [default: /mqtt]')
            [CompletionResult]::new('--ws-header', '--ws-header', [CompletionResultType]::ParameterName, 'Header of the WebSocket request, as in ''Authorization: Bearer x'' (repeatable)')
            [CompletionResult]::new('--proxy', '--proxy', [CompletionResultType]::ParameterName, 'Connect through this proxy: socks5h://, socks5://, http:// or https://[USER:PASSWORD@]HOST[:PORT], or none [default: ALL_PROXY, for wss HTTPS_PROXY before it and for ws http_proxy, unless NO_PROXY has the host]')
            [CompletionResult]::new('-A', '-A ', [CompletionResultType]::ParameterName, 'Connect from this address of the machine')
            [CompletionResult]::new('--bind', '--bind', [CompletionResultType]::ParameterName, 'Connect from this address of the machine')
            [CompletionResult]::new('-u', '-u', [CompletionResultType]::ParameterName, 'User name')
            [CompletionResult]::new('--username', '--username', [CompletionResultType]::ParameterName, 'User name')
            [CompletionResult]::new('-P', '-P ', [CompletionResultType]::ParameterName, 'Password; on this machine everybody can see it, unlike with the next four')
            [CompletionResult]::new('--password', '--password', [CompletionResultType]::ParameterName, 'Password; on this machine everybody can see it, unlike with the next four')
            [CompletionResult]::new('--password-file', '--password-file', [CompletionResultType]::ParameterName, 'Take the password from this file')
            [CompletionResult]::new('--password-env', '--password-env', [CompletionResultType]::ParameterName, 'Take the password from this variable of the environment')
            [CompletionResult]::new('--password-command', '--password-command', [CompletionResultType]::ParameterName, 'Take the password from what this command of the shell prints')
            [CompletionResult]::new('-k', '-k', [CompletionResultType]::ParameterName, 'Seconds of silence after which a ping is sent; 0 for none')
            [CompletionResult]::new('--keepalive', '--keepalive', [CompletionResultType]::ParameterName, 'Seconds of silence after which a ping is sent; 0 for none')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Version of MQTT: 5, 3.1.1 or 3.1 [default: 5, and 3.1.1 if the broker refuses it]')
            [CompletionResult]::new('--mqtt-version', '--mqtt-version', [CompletionResultType]::ParameterName, 'Version of MQTT: 5, 3.1.1 or 3.1 [default: 5, and 3.1.1 if the broker refuses it]')
            [CompletionResult]::new('--connect-timeout', '--connect-timeout', [CompletionResultType]::ParameterName, 'Give up connecting after this time, as in 10, 500ms or 2m')
            [CompletionResult]::new('--engine', '--engine', [CompletionResultType]::ParameterName, 'Whose implementation of MQTT speaks: native (that of mqx) or rumqttc')
            [CompletionResult]::new('--jwt-key', '--jwt-key', [CompletionResultType]::ParameterName, 'Sign a token with this private key (PEM) for a password, a new one for every connection')
            [CompletionResult]::new('--jwt-alg', '--jwt-alg', [CompletionResultType]::ParameterName, 'How to sign it: RS256 or ES256 [default: as the key is made for]')
            [CompletionResult]::new('--jwt-aud', '--jwt-aud', [CompletionResultType]::ParameterName, 'Whom it is for (aud; repeatable)')
            [CompletionResult]::new('--jwt-sub', '--jwt-sub', [CompletionResultType]::ParameterName, 'Whom it is about (sub) [default: the user name]')
            [CompletionResult]::new('--jwt-iss', '--jwt-iss', [CompletionResultType]::ParameterName, 'Whom it is from (iss)')
            [CompletionResult]::new('--jwt-kid', '--jwt-kid', [CompletionResultType]::ParameterName, 'Name of the key (kid)')
            [CompletionResult]::new('--jwt-claim', '--jwt-claim', [CompletionResultType]::ParameterName, 'Another claim, as in name=value; a value in JSON is taken as that (repeatable)')
            [CompletionResult]::new('--jwt-ttl', '--jwt-ttl', [CompletionResultType]::ParameterName, 'How long it counts, as in 600 or 1h')
            [CompletionResult]::new('--tls', '--tls', [CompletionResultType]::ParameterName, 'Use TLS; trust the CA in this file, or without one those of the system')
            [CompletionResult]::new('--cafile', '--cafile', [CompletionResultType]::ParameterName, 'The same as --tls with a CA')
            [CompletionResult]::new('--capath', '--capath', [CompletionResultType]::ParameterName, 'Use TLS and trust the CAs in the PEM files of this directory')
            [CompletionResult]::new('--cert', '--cert', [CompletionResultType]::ParameterName, 'Use TLS and show this certificate to the broker (PEM)')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'The private key of that certificate (PEM, also encrypted PKCS#8)')
            [CompletionResult]::new('--p12', '--p12', [CompletionResultType]::ParameterName, 'Use TLS and show the certificate in this PKCS#12 file, which has its key too')
            [CompletionResult]::new('--key-password', '--key-password', [CompletionResultType]::ParameterName, 'Password of the private key, or of the PKCS#12 file; on this machine everybody can see it')
            [CompletionResult]::new('--key-password-file', '--key-password-file', [CompletionResultType]::ParameterName, 'Take the password of the private key from this file')
            [CompletionResult]::new('--key-password-env', '--key-password-env', [CompletionResultType]::ParameterName, 'Take the password of the private key from this variable of the environment')
            [CompletionResult]::new('--sni', '--sni', [CompletionResultType]::ParameterName, 'Name to ask the broker for (SNI) and to check its certificate with, in place of the host')
            [CompletionResult]::new('--tls-alpn', '--tls-alpn', [CompletionResultType]::ParameterName, 'Application protocol to offer (ALPN), as in mqtt or x-amzn-mqtt-ca (repeatable)')
            [CompletionResult]::new('--tls-version', '--tls-version', [CompletionResultType]::ParameterName, 'Speak this version of TLS and no other: 1.2 or 1.3')
            [CompletionResult]::new('--ciphers', '--ciphers', [CompletionResultType]::ParameterName, 'Offer these cipher suites and no others, by their names of IANA or OpenSSL with colons between them; what is not known is told')
            [CompletionResult]::new('--tls-keylog', '--tls-keylog', [CompletionResultType]::ParameterName, 'Append the secrets of TLS to this file, for Wireshark [default: that of SSLKEYLOGFILE]')
            [CompletionResult]::new('--will-topic', '--will-topic', [CompletionResultType]::ParameterName, 'Topic of the message the broker publishes when the connection is lost')
            [CompletionResult]::new('--will-payload', '--will-payload', [CompletionResultType]::ParameterName, 'Its payload [default: empty]')
            [CompletionResult]::new('--will-file', '--will-file', [CompletionResultType]::ParameterName, 'Its payload from this file')
            [CompletionResult]::new('--will-qos', '--will-qos', [CompletionResultType]::ParameterName, 'Its quality of service: 0, 1 or 2')
            [CompletionResult]::new('--will-delay-interval', '--will-delay-interval', [CompletionResultType]::ParameterName, 'Publish it only after this time, as in 10 or 1m (MQTT 5)')
            [CompletionResult]::new('--will-message-expiry-interval', '--will-message-expiry-interval', [CompletionResultType]::ParameterName, 'Time after which it is worth nothing (MQTT 5)')
            [CompletionResult]::new('--will-content-type', '--will-content-type', [CompletionResultType]::ParameterName, 'What its payload is, as in application/json (MQTT 5)')
            [CompletionResult]::new('--will-payload-format-indicator', '--will-payload-format-indicator', [CompletionResultType]::ParameterName, 'Whether its payload is UTF-8 text (MQTT 5)')
            [CompletionResult]::new('--will-response-topic', '--will-response-topic', [CompletionResultType]::ParameterName, 'Topic for an answer to it (MQTT 5)')
            [CompletionResult]::new('--will-correlation-data', '--will-correlation-data', [CompletionResultType]::ParameterName, 'What an answer is to repeat: text, hex:... or base64:... (MQTT 5)')
            [CompletionResult]::new('--will-user-property', '--will-user-property', [CompletionResultType]::ParameterName, 'User property of it, as in name=value (repeatable, MQTT 5)')
            [CompletionResult]::new('-x', '-x', [CompletionResultType]::ParameterName, 'Keep the session so long after the connection, as in 60, 1h or never (to end)')
            [CompletionResult]::new('--session-expiry-interval', '--session-expiry-interval', [CompletionResultType]::ParameterName, 'Keep the session so long after the connection, as in 60, 1h or never (to end)')
            [CompletionResult]::new('--receive-maximum', '--receive-maximum', [CompletionResultType]::ParameterName, 'QoS 1 and 2 messages the broker may send before they are answered')
            [CompletionResult]::new('--maximum-packet-size', '--maximum-packet-size', [CompletionResultType]::ParameterName, 'Bytes of the largest packet the broker may send')
            [CompletionResult]::new('--topic-alias-maximum', '--topic-alias-maximum', [CompletionResultType]::ParameterName, 'Topic aliases the broker may use')
            [CompletionResult]::new('--request-response-information', '--request-response-information', [CompletionResultType]::ParameterName, 'Ask for the basis of response topics')
            [CompletionResult]::new('--request-problem-information', '--request-problem-information', [CompletionResultType]::ParameterName, 'Ask for reasons in words [default: true]')
            [CompletionResult]::new('--connect-user-property', '--connect-user-property', [CompletionResultType]::ParameterName, 'User property of CONNECT, as in name=value (repeatable)')
            [CompletionResult]::new('--authentication-method', '--authentication-method', [CompletionResultType]::ParameterName, 'Method of enhanced authentication: SCRAM-SHA-256 takes user and password and checks the broker too; of others only what CONNECT says can be given')
            [CompletionResult]::new('--authentication-data', '--authentication-data', [CompletionResultType]::ParameterName, 'Data of that method: text, hex:... or base64:...')
            [CompletionResult]::new('--disconnect-session-expiry-interval', '--disconnect-session-expiry-interval', [CompletionResultType]::ParameterName, 'Session expiry in DISCONNECT: from then on this holds')
            [CompletionResult]::new('--disconnect-reason', '--disconnect-reason', [CompletionResultType]::ParameterName, 'Reason in words in DISCONNECT')
            [CompletionResult]::new('--disconnect-user-property', '--disconnect-user-property', [CompletionResultType]::ParameterName, 'User property of DISCONNECT, as in name=value (repeatable)')
            [CompletionResult]::new('-D', '-D ', [CompletionResultType]::ParameterName, 'Set a property as with mosquitto: connect, publish, subscribe, disconnect or will, its name and its value; each has an option of its own here')
            [CompletionResult]::new('--property', '--property', [CompletionResultType]::ParameterName, 'Set a property as with mosquitto: connect, publish, subscribe, disconnect or will, its name and its value; each has an option of its own here')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'File with the profiles [default: ~/.config/mqx/config.toml]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Option file of mosquitto''s clients')
            [CompletionResult]::new('--config-file', '--config-file', [CompletionResultType]::ParameterName, 'Option file of mosquitto''s clients')
            [CompletionResult]::new('-b', '-b', [CompletionResultType]::ParameterName, 'Broker as a URL: mqtt[s]://[USER[:PASSWORD]@]HOST[:PORT][/TOPIC], ws[s]://...[/PATH] or unix:///PATH (repeatable, as -h); or the name of a profile')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'Broker as a URL: mqtt[s]://[USER[:PASSWORD]@]HOST[:PORT][/TOPIC], ws[s]://...[/PATH] or unix:///PATH (repeatable, as -h); or the name of a profile')
            [CompletionResult]::new('--broker', '--broker', [CompletionResultType]::ParameterName, 'Broker as a URL: mqtt[s]://[USER[:PASSWORD]@]HOST[:PORT][/TOPIC], ws[s]://...[/PATH] or unix:///PATH (repeatable, as -h); or the name of a profile')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour what is said on stderr: auto, always or never')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Say it in JSON')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Go on with the session of this client identifier, and keep it; without -x for ever')
            [CompletionResult]::new('--disable-clean-session', '--disable-clean-session', [CompletionResultType]::ParameterName, 'Go on with the session of this client identifier, and keep it; without -x for ever')
            [CompletionResult]::new('--ws', '--ws', [CompletionResultType]::ParameterName, 'Speak MQTT over WebSocket')
            [CompletionResult]::new('--ask-password', '--ask-password', [CompletionResultType]::ParameterName, 'Ask for the password at the terminal')
            [CompletionResult]::new('-d', '-d', [CompletionResultType]::ParameterName, 'Say on stderr which packets are sent and received')
            [CompletionResult]::new('--debug', '--debug', [CompletionResultType]::ParameterName, 'Say on stderr which packets are sent and received')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on stderr, not even why it fails: the exit code tells')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Use TLS and believe any certificate; for tests only')
            [CompletionResult]::new('--no-tls', '--no-tls', [CompletionResultType]::ParameterName, 'Use no TLS, not even with port 8883')
            [CompletionResult]::new('--will-retain', '--will-retain', [CompletionResultType]::ParameterName, 'Ask the broker to keep it for later subscribers')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'mqx;ping' {
            [CompletionResult]::new('-i', '-i', [CompletionResultType]::ParameterName, 'Client identifier; %h stands for this machine, %p for the process, %r for something random, %u for the user name [default: the broker chooses one]')
            [CompletionResult]::new('--id', '--id', [CompletionResultType]::ParameterName, 'Client identifier; %h stands for this machine, %p for the process, %r for something random, %u for the user name [default: the broker chooses one]')
            [CompletionResult]::new('-I', '-I ', [CompletionResultType]::ParameterName, 'Client identifier that begins with this and ends with the number of the process')
            [CompletionResult]::new('--id-prefix', '--id-prefix', [CompletionResultType]::ParameterName, 'Client identifier that begins with this and ends with the number of the process')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Host name or address of the broker; of several the next is tried when one fails (repeatable) [default: localhost]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Host name or address of the broker; of several the next is tried when one fails (repeatable) [default: localhost]')
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'Port of the broker [default: 1883, with TLS 8883]; 8883 means TLS')
            [CompletionResult]::new('--port', '--port', [CompletionResultType]::ParameterName, 'Port of the broker [default: 1883, with TLS 8883]; 8883 means TLS')
            [CompletionResult]::new('--unix', '--unix', [CompletionResultType]::ParameterName, 'Unix socket of the broker')
            [CompletionResult]::new('--ws-path', '--ws-path', [CompletionResultType]::ParameterName, 'Path of the broker for WebSocket [default: /mqtt]')
            [CompletionResult]::new('--ws-header', '--ws-header', [CompletionResultType]::ParameterName, 'Header of the WebSocket request, as in ''Authorization: Bearer x'' (repeatable)')
            [CompletionResult]::new('--proxy', '--proxy', [CompletionResultType]::ParameterName, 'Connect through this proxy: socks5h://, socks5://, http:// or https://[USER:PASSWORD@]HOST[:PORT], or none [default: ALL_PROXY, for wss HTTPS_PROXY before it and for ws http_proxy, unless NO_PROXY has the host]')
            [CompletionResult]::new('-A', '-A ', [CompletionResultType]::ParameterName, 'Connect from this address of the machine')
            [CompletionResult]::new('--bind', '--bind', [CompletionResultType]::ParameterName, 'Connect from this address of the machine')
            [CompletionResult]::new('-u', '-u', [CompletionResultType]::ParameterName, 'User name')
            [CompletionResult]::new('--username', '--username', [CompletionResultType]::ParameterName, 'User name')
            [CompletionResult]::new('-P', '-P ', [CompletionResultType]::ParameterName, 'Password; on this machine everybody can see it, unlike with the next four')
            [CompletionResult]::new('--password', '--password', [CompletionResultType]::ParameterName, 'Password; on this machine everybody can see it, unlike with the next four')
            [CompletionResult]::new('--password-file', '--password-file', [CompletionResultType]::ParameterName, 'Take the password from this file')
            [CompletionResult]::new('--password-env', '--password-env', [CompletionResultType]::ParameterName, 'Take the password from this variable of the environment')
            [CompletionResult]::new('--password-command', '--password-command', [CompletionResultType]::ParameterName, 'Take the password from what this command of the shell prints')
            [CompletionResult]::new('-k', '-k', [CompletionResultType]::ParameterName, 'Seconds of silence after which a ping is sent; 0 for none')
            [CompletionResult]::new('--keepalive', '--keepalive', [CompletionResultType]::ParameterName, 'Seconds of silence after which a ping is sent; 0 for none')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Version of MQTT: 5, 3.1.1 or 3.1 [default: 5, and 3.1.1 if the broker refuses it]')
            [CompletionResult]::new('--mqtt-version', '--mqtt-version', [CompletionResultType]::ParameterName, 'Version of MQTT: 5, 3.1.1 or 3.1 [default: 5, and 3.1.1 if the broker refuses it]')
            [CompletionResult]::new('--connect-timeout', '--connect-timeout', [CompletionResultType]::ParameterName, 'Give up connecting after this time, as in 10, 500ms or 2m')
            [CompletionResult]::new('--engine', '--engine', [CompletionResultType]::ParameterName, 'Whose implementation of MQTT speaks: native (that of mqx) or rumqttc')
            [CompletionResult]::new('--jwt-key', '--jwt-key', [CompletionResultType]::ParameterName, 'Sign a token with this private key (PEM) for a password, a new one for every connection')
            [CompletionResult]::new('--jwt-alg', '--jwt-alg', [CompletionResultType]::ParameterName, 'How to sign it: RS256 or ES256 [default: as the key is made for]')
            [CompletionResult]::new('--jwt-aud', '--jwt-aud', [CompletionResultType]::ParameterName, 'Whom it is for (aud; repeatable)')
            [CompletionResult]::new('--jwt-sub', '--jwt-sub', [CompletionResultType]::ParameterName, 'Whom it is about (sub) [default: the user name]')
            [CompletionResult]::new('--jwt-iss', '--jwt-iss', [CompletionResultType]::ParameterName, 'Whom it is from (iss)')
            [CompletionResult]::new('--jwt-kid', '--jwt-kid', [CompletionResultType]::ParameterName, 'Name of the key (kid)')
            [CompletionResult]::new('--jwt-claim', '--jwt-claim', [CompletionResultType]::ParameterName, 'Another claim, as in name=value; a value in JSON is taken as that (repeatable)')
            [CompletionResult]::new('--jwt-ttl', '--jwt-ttl', [CompletionResultType]::ParameterName, 'How long it counts, as in 600 or 1h')
            [CompletionResult]::new('--tls', '--tls', [CompletionResultType]::ParameterName, 'Use TLS; trust the CA in this file, or without one those of the system')
            [CompletionResult]::new('--cafile', '--cafile', [CompletionResultType]::ParameterName, 'The same as --tls with a CA')
            [CompletionResult]::new('--capath', '--capath', [CompletionResultType]::ParameterName, 'Use TLS and trust the CAs in the PEM files of this directory')
            [CompletionResult]::new('--cert', '--cert', [CompletionResultType]::ParameterName, 'Use TLS and show this certificate to the broker (PEM)')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'The private key of that certificate (PEM, also encrypted PKCS#8)')
            [CompletionResult]::new('--p12', '--p12', [CompletionResultType]::ParameterName, 'Use TLS and show the certificate in this PKCS#12 file, which has its key too')
            [CompletionResult]::new('--key-password', '--key-password', [CompletionResultType]::ParameterName, 'Password of the private key, or of the PKCS#12 file; on this machine everybody can see it')
            [CompletionResult]::new('--key-password-file', '--key-password-file', [CompletionResultType]::ParameterName, 'Take the password of the private key from this file')
            [CompletionResult]::new('--key-password-env', '--key-password-env', [CompletionResultType]::ParameterName, 'Take the password of the private key from this variable of the environment')
            [CompletionResult]::new('--sni', '--sni', [CompletionResultType]::ParameterName, 'Name to ask the broker for (SNI) and to check its certificate with, in place of the host')
            [CompletionResult]::new('--tls-alpn', '--tls-alpn', [CompletionResultType]::ParameterName, 'Application protocol to offer (ALPN), as in mqtt or x-amzn-mqtt-ca (repeatable)')
            [CompletionResult]::new('--tls-version', '--tls-version', [CompletionResultType]::ParameterName, 'Speak this version of TLS and no other: 1.2 or 1.3')
            [CompletionResult]::new('--ciphers', '--ciphers', [CompletionResultType]::ParameterName, 'Offer these cipher suites and no others, by their names of IANA or OpenSSL with colons between them; what is not known is told')
            [CompletionResult]::new('--tls-keylog', '--tls-keylog', [CompletionResultType]::ParameterName, 'Append the secrets of TLS to this file, for Wireshark [default: that of SSLKEYLOGFILE]')
            [CompletionResult]::new('--will-topic', '--will-topic', [CompletionResultType]::ParameterName, 'Topic of the message the broker publishes when the connection is lost')
            [CompletionResult]::new('--will-payload', '--will-payload', [CompletionResultType]::ParameterName, 'Its payload [default: empty]')
            [CompletionResult]::new('--will-file', '--will-file', [CompletionResultType]::ParameterName, 'Its payload from this file')
            [CompletionResult]::new('--will-qos', '--will-qos', [CompletionResultType]::ParameterName, 'Its quality of service: 0, 1 or 2')
            [CompletionResult]::new('--will-delay-interval', '--will-delay-interval', [CompletionResultType]::ParameterName, 'Publish it only after this time, as in 10 or 1m (MQTT 5)')
            [CompletionResult]::new('--will-message-expiry-interval', '--will-message-expiry-interval', [CompletionResultType]::ParameterName, 'Time after which it is worth nothing (MQTT 5)')
            [CompletionResult]::new('--will-content-type', '--will-content-type', [CompletionResultType]::ParameterName, 'What its payload is, as in application/json (MQTT 5)')
            [CompletionResult]::new('--will-payload-format-indicator', '--will-payload-format-indicator', [CompletionResultType]::ParameterName, 'Whether its payload is UTF-8 text (MQTT 5)')
            [CompletionResult]::new('--will-response-topic', '--will-response-topic', [CompletionResultType]::ParameterName, 'Topic for an answer to it (MQTT 5)')
            [CompletionResult]::new('--will-correlation-data', '--will-correlation-data', [CompletionResultType]::ParameterName, 'What an answer is to repeat: text, hex:... or base64:... (MQTT 5)')
            [CompletionResult]::new('--will-user-property', '--will-user-property', [CompletionResultType]::ParameterName, 'User property of it, as in name=value (repeatable, MQTT 5)')
            [CompletionResult]::new('-x', '-x', [CompletionResultType]::ParameterName, 'Keep the session so long after the connection, as in 60, 1h or never (to end)')
            [CompletionResult]::new('--session-expiry-interval', '--session-expiry-interval', [CompletionResultType]::ParameterName, 'Keep the session so long after the connection, as in 60, 1h or never (to end)')
            [CompletionResult]::new('--receive-maximum', '--receive-maximum', [CompletionResultType]::ParameterName, 'QoS 1 and 2 messages the broker may send before they are answered')
            [CompletionResult]::new('--maximum-packet-size', '--maximum-packet-size', [CompletionResultType]::ParameterName, 'Bytes of the largest packet the broker may send')
            [CompletionResult]::new('--topic-alias-maximum', '--topic-alias-maximum', [CompletionResultType]::ParameterName, 'Topic aliases the broker may use')
            [CompletionResult]::new('--request-response-information', '--request-response-information', [CompletionResultType]::ParameterName, 'Ask for the basis of response topics')
            [CompletionResult]::new('--request-problem-information', '--request-problem-information', [CompletionResultType]::ParameterName, 'Ask for reasons in words [default: true]')
            [CompletionResult]::new('--connect-user-property', '--connect-user-property', [CompletionResultType]::ParameterName, 'User property of CONNECT, as in name=value (repeatable)')
            [CompletionResult]::new('--authentication-method', '--authentication-method', [CompletionResultType]::ParameterName, 'Method of enhanced authentication: SCRAM-SHA-256 takes user and password and checks the broker too; of others only what CONNECT says can be given')
            [CompletionResult]::new('--authentication-data', '--authentication-data', [CompletionResultType]::ParameterName, 'Data of that method: text, hex:... or base64:...')
            [CompletionResult]::new('--disconnect-session-expiry-interval', '--disconnect-session-expiry-interval', [CompletionResultType]::ParameterName, 'Session expiry in DISCONNECT: from then on this holds')
            [CompletionResult]::new('--disconnect-reason', '--disconnect-reason', [CompletionResultType]::ParameterName, 'Reason in words in DISCONNECT')
            [CompletionResult]::new('--disconnect-user-property', '--disconnect-user-property', [CompletionResultType]::ParameterName, 'User property of DISCONNECT, as in name=value (repeatable)')
            [CompletionResult]::new('-D', '-D ', [CompletionResultType]::ParameterName, 'Set a property as with mosquitto: connect, publish, subscribe, disconnect or will, its name and its value; each has an option of its own here')
            [CompletionResult]::new('--property', '--property', [CompletionResultType]::ParameterName, 'Set a property as with mosquitto: connect, publish, subscribe, disconnect or will, its name and its value; each has an option of its own here')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'File with the profiles [default: ~/.config/mqx/config.toml]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Option file of mosquitto''s clients')
            [CompletionResult]::new('--config-file', '--config-file', [CompletionResultType]::ParameterName, 'Option file of mosquitto''s clients')
            [CompletionResult]::new('-b', '-b', [CompletionResultType]::ParameterName, 'Broker as a URL: mqtt[s]://[USER[:PASSWORD]@]HOST[:PORT][/TOPIC], ws[s]://...[/PATH] or unix:///PATH (repeatable, as -h); or the name of a profile')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'Broker as a URL: mqtt[s]://[USER[:PASSWORD]@]HOST[:PORT][/TOPIC], ws[s]://...[/PATH] or unix:///PATH (repeatable, as -h); or the name of a profile')
            [CompletionResult]::new('--broker', '--broker', [CompletionResultType]::ParameterName, 'Broker as a URL: mqtt[s]://[USER[:PASSWORD]@]HOST[:PORT][/TOPIC], ws[s]://...[/PATH] or unix:///PATH (repeatable, as -h); or the name of a profile')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour what is said on stderr: auto, always or never')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Say it in JSON')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Go on with the session of this client identifier, and keep it; without -x for ever')
            [CompletionResult]::new('--disable-clean-session', '--disable-clean-session', [CompletionResultType]::ParameterName, 'Go on with the session of this client identifier, and keep it; without -x for ever')
            [CompletionResult]::new('--ws', '--ws', [CompletionResultType]::ParameterName, 'Speak MQTT over WebSocket')
            [CompletionResult]::new('--ask-password', '--ask-password', [CompletionResultType]::ParameterName, 'Ask for the password at the terminal')
            [CompletionResult]::new('-d', '-d', [CompletionResultType]::ParameterName, 'Say on stderr which packets are sent and received')
            [CompletionResult]::new('--debug', '--debug', [CompletionResultType]::ParameterName, 'Say on stderr which packets are sent and received')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on stderr, not even why it fails: the exit code tells')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Use TLS and believe any certificate; for tests only')
            [CompletionResult]::new('--no-tls', '--no-tls', [CompletionResultType]::ParameterName, 'Use no TLS, not even with port 8883')
            [CompletionResult]::new('--will-retain', '--will-retain', [CompletionResultType]::ParameterName, 'Ask the broker to keep it for later subscribers')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'mqx;test' {
            [CompletionResult]::new('--diff', '--diff', [CompletionResultType]::ParameterName, 'Compare two brokers, which other options are for as well')
            [CompletionResult]::new('--only', '--only', [CompletionResultType]::ParameterName, 'Test this area only: connection, limits, messages, retained, subscriptions, sessions or wills (repeatable)')
            [CompletionResult]::new('-t', '-t', [CompletionResultType]::ParameterName, 'What the topics begin with that are published to [default: mqx/test/ and something random]')
            [CompletionResult]::new('--topic', '--topic', [CompletionResultType]::ParameterName, 'What the topics begin with that are published to [default: mqx/test/ and something random]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Host name or address of the broker; of several the next is tried when one fails (repeatable) [default: localhost]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Host name or address of the broker; of several the next is tried when one fails (repeatable) [default: localhost]')
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'Port of the broker [default: 1883, with TLS 8883]; 8883 means TLS')
            [CompletionResult]::new('--port', '--port', [CompletionResultType]::ParameterName, 'Port of the broker [default: 1883, with TLS 8883]; 8883 means TLS')
            [CompletionResult]::new('--unix', '--unix', [CompletionResultType]::ParameterName, 'Unix socket of the broker')
            [CompletionResult]::new('--ws-path', '--ws-path', [CompletionResultType]::ParameterName, 'Path of the broker for WebSocket [default: /mqtt]')
            [CompletionResult]::new('--ws-header', '--ws-header', [CompletionResultType]::ParameterName, 'Header of the WebSocket request, as in ''Authorization: Bearer x'' (repeatable)')
            [CompletionResult]::new('--proxy', '--proxy', [CompletionResultType]::ParameterName, 'Connect through this proxy: socks5h://, socks5://, http:// or https://[USER:PASSWORD@]HOST[:PORT], or none [default: ALL_PROXY, for wss HTTPS_PROXY before it and for ws http_proxy, unless NO_PROXY has the host]')
            [CompletionResult]::new('-A', '-A ', [CompletionResultType]::ParameterName, 'Connect from this address of the machine')
            [CompletionResult]::new('--bind', '--bind', [CompletionResultType]::ParameterName, 'Connect from this address of the machine')
            [CompletionResult]::new('-u', '-u', [CompletionResultType]::ParameterName, 'User name')
            [CompletionResult]::new('--username', '--username', [CompletionResultType]::ParameterName, 'User name')
            [CompletionResult]::new('-P', '-P ', [CompletionResultType]::ParameterName, 'Password; on this machine everybody can see it, unlike with the next four')
            [CompletionResult]::new('--password', '--password', [CompletionResultType]::ParameterName, 'Password; on this machine everybody can see it, unlike with the next four')
            [CompletionResult]::new('--password-file', '--password-file', [CompletionResultType]::ParameterName, 'Take the password from this file')
            [CompletionResult]::new('--password-env', '--password-env', [CompletionResultType]::ParameterName, 'Take the password from this variable of the environment')
            [CompletionResult]::new('--password-command', '--password-command', [CompletionResultType]::ParameterName, 'Take the password from what this command of the shell prints')
            [CompletionResult]::new('-k', '-k', [CompletionResultType]::ParameterName, 'Seconds of silence after which a ping is sent; 0 for none')
            [CompletionResult]::new('--keepalive', '--keepalive', [CompletionResultType]::ParameterName, 'Seconds of silence after which a ping is sent; 0 for none')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Version of MQTT: 5, 3.1.1 or 3.1 [default: 5, and 3.1.1 if the broker refuses it]')
            [CompletionResult]::new('--mqtt-version', '--mqtt-version', [CompletionResultType]::ParameterName, 'Version of MQTT: 5, 3.1.1 or 3.1 [default: 5, and 3.1.1 if the broker refuses it]')
            [CompletionResult]::new('--connect-timeout', '--connect-timeout', [CompletionResultType]::ParameterName, 'Give up connecting after this time, as in 10, 500ms or 2m')
            [CompletionResult]::new('--engine', '--engine', [CompletionResultType]::ParameterName, 'Whose implementation of MQTT speaks: native (that of mqx) or rumqttc')
            [CompletionResult]::new('--jwt-key', '--jwt-key', [CompletionResultType]::ParameterName, 'Sign a token with this private key (PEM) for a password, a new one for every connection')
            [CompletionResult]::new('--jwt-alg', '--jwt-alg', [CompletionResultType]::ParameterName, 'How to sign it: RS256 or ES256 [default: as the key is made for]')
            [CompletionResult]::new('--jwt-aud', '--jwt-aud', [CompletionResultType]::ParameterName, 'Whom it is for (aud; repeatable)')
            [CompletionResult]::new('--jwt-sub', '--jwt-sub', [CompletionResultType]::ParameterName, 'Whom it is about (sub) [default: the user name]')
            [CompletionResult]::new('--jwt-iss', '--jwt-iss', [CompletionResultType]::ParameterName, 'Whom it is from (iss)')
            [CompletionResult]::new('--jwt-kid', '--jwt-kid', [CompletionResultType]::ParameterName, 'Name of the key (kid)')
            [CompletionResult]::new('--jwt-claim', '--jwt-claim', [CompletionResultType]::ParameterName, 'Another claim, as in name=value; a value in JSON is taken as that (repeatable)')
            [CompletionResult]::new('--jwt-ttl', '--jwt-ttl', [CompletionResultType]::ParameterName, 'How long it counts, as in 600 or 1h')
            [CompletionResult]::new('--tls', '--tls', [CompletionResultType]::ParameterName, 'Use TLS; trust the CA in this file, or without one those of the system')
            [CompletionResult]::new('--cafile', '--cafile', [CompletionResultType]::ParameterName, 'The same as --tls with a CA')
            [CompletionResult]::new('--capath', '--capath', [CompletionResultType]::ParameterName, 'Use TLS and trust the CAs in the PEM files of this directory')
            [CompletionResult]::new('--cert', '--cert', [CompletionResultType]::ParameterName, 'Use TLS and show this certificate to the broker (PEM)')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'The private key of that certificate (PEM, also encrypted PKCS#8)')
            [CompletionResult]::new('--p12', '--p12', [CompletionResultType]::ParameterName, 'Use TLS and show the certificate in this PKCS#12 file, which has its key too')
            [CompletionResult]::new('--key-password', '--key-password', [CompletionResultType]::ParameterName, 'Password of the private key, or of the PKCS#12 file; on this machine everybody can see it')
            [CompletionResult]::new('--key-password-file', '--key-password-file', [CompletionResultType]::ParameterName, 'Take the password of the private key from this file')
            [CompletionResult]::new('--key-password-env', '--key-password-env', [CompletionResultType]::ParameterName, 'Take the password of the private key from this variable of the environment')
            [CompletionResult]::new('--sni', '--sni', [CompletionResultType]::ParameterName, 'Name to ask the broker for (SNI) and to check its certificate with, in place of the host')
            [CompletionResult]::new('--tls-alpn', '--tls-alpn', [CompletionResultType]::ParameterName, 'Application protocol to offer (ALPN), as in mqtt or x-amzn-mqtt-ca (repeatable)')
            [CompletionResult]::new('--tls-version', '--tls-version', [CompletionResultType]::ParameterName, 'Speak this version of TLS and no other: 1.2 or 1.3')
            [CompletionResult]::new('--ciphers', '--ciphers', [CompletionResultType]::ParameterName, 'Offer these cipher suites and no others, by their names of IANA or OpenSSL with colons between them; what is not known is told')
            [CompletionResult]::new('--tls-keylog', '--tls-keylog', [CompletionResultType]::ParameterName, 'Append the secrets of TLS to this file, for Wireshark [default: that of SSLKEYLOGFILE]')
            [CompletionResult]::new('--will-topic', '--will-topic', [CompletionResultType]::ParameterName, 'Topic of the message the broker publishes when the connection is lost')
            [CompletionResult]::new('--will-payload', '--will-payload', [CompletionResultType]::ParameterName, 'Its payload [default: empty]')
            [CompletionResult]::new('--will-file', '--will-file', [CompletionResultType]::ParameterName, 'Its payload from this file')
            [CompletionResult]::new('--will-qos', '--will-qos', [CompletionResultType]::ParameterName, 'Its quality of service: 0, 1 or 2')
            [CompletionResult]::new('--will-delay-interval', '--will-delay-interval', [CompletionResultType]::ParameterName, 'Publish it only after this time, as in 10 or 1m (MQTT 5)')
            [CompletionResult]::new('--will-message-expiry-interval', '--will-message-expiry-interval', [CompletionResultType]::ParameterName, 'Time after which it is worth nothing (MQTT 5)')
            [CompletionResult]::new('--will-content-type', '--will-content-type', [CompletionResultType]::ParameterName, 'What its payload is, as in application/json (MQTT 5)')
            [CompletionResult]::new('--will-payload-format-indicator', '--will-payload-format-indicator', [CompletionResultType]::ParameterName, 'Whether its payload is UTF-8 text (MQTT 5)')
            [CompletionResult]::new('--will-response-topic', '--will-response-topic', [CompletionResultType]::ParameterName, 'Topic for an answer to it (MQTT 5)')
            [CompletionResult]::new('--will-correlation-data', '--will-correlation-data', [CompletionResultType]::ParameterName, 'What an answer is to repeat: text, hex:... or base64:... (MQTT 5)')
            [CompletionResult]::new('--will-user-property', '--will-user-property', [CompletionResultType]::ParameterName, 'User property of it, as in name=value (repeatable, MQTT 5)')
            [CompletionResult]::new('-x', '-x', [CompletionResultType]::ParameterName, 'Keep the session so long after the connection, as in 60, 1h or never (to end)')
            [CompletionResult]::new('--session-expiry-interval', '--session-expiry-interval', [CompletionResultType]::ParameterName, 'Keep the session so long after the connection, as in 60, 1h or never (to end)')
            [CompletionResult]::new('--receive-maximum', '--receive-maximum', [CompletionResultType]::ParameterName, 'QoS 1 and 2 messages the broker may send before they are answered')
            [CompletionResult]::new('--maximum-packet-size', '--maximum-packet-size', [CompletionResultType]::ParameterName, 'Bytes of the largest packet the broker may send')
            [CompletionResult]::new('--topic-alias-maximum', '--topic-alias-maximum', [CompletionResultType]::ParameterName, 'Topic aliases the broker may use')
            [CompletionResult]::new('--request-response-information', '--request-response-information', [CompletionResultType]::ParameterName, 'Ask for the basis of response topics')
            [CompletionResult]::new('--request-problem-information', '--request-problem-information', [CompletionResultType]::ParameterName, 'Ask for reasons in words [default: true]')
            [CompletionResult]::new('--connect-user-property', '--connect-user-property', [CompletionResultType]::ParameterName, 'User property of CONNECT, as in name=value (repeatable)')
            [CompletionResult]::new('--authentication-method', '--authentication-method', [CompletionResultType]::ParameterName, 'Method of enhanced authentication: SCRAM-SHA-256 takes user and password and checks the broker too; of others only what CONNECT says can be given')
            [CompletionResult]::new('--authentication-data', '--authentication-data', [CompletionResultType]::ParameterName, 'Data of that method: text, hex:... or base64:...')
            [CompletionResult]::new('--disconnect-session-expiry-interval', '--disconnect-session-expiry-interval', [CompletionResultType]::ParameterName, 'Session expiry in DISCONNECT: from then on this holds')
            [CompletionResult]::new('--disconnect-reason', '--disconnect-reason', [CompletionResultType]::ParameterName, 'Reason in words in DISCONNECT')
            [CompletionResult]::new('--disconnect-user-property', '--disconnect-user-property', [CompletionResultType]::ParameterName, 'User property of DISCONNECT, as in name=value (repeatable)')
            [CompletionResult]::new('-D', '-D ', [CompletionResultType]::ParameterName, 'Set a property as with mosquitto: connect, publish, subscribe, disconnect or will, its name and its value; each has an option of its own here')
            [CompletionResult]::new('--property', '--property', [CompletionResultType]::ParameterName, 'Set a property as with mosquitto: connect, publish, subscribe, disconnect or will, its name and its value; each has an option of its own here')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'File with the profiles [default: ~/.config/mqx/config.toml]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Option file of mosquitto''s clients')
            [CompletionResult]::new('--config-file', '--config-file', [CompletionResultType]::ParameterName, 'Option file of mosquitto''s clients')
            [CompletionResult]::new('-b', '-b', [CompletionResultType]::ParameterName, 'Broker as a URL: mqtt[s]://[USER[:PASSWORD]@]HOST[:PORT][/TOPIC], ws[s]://...[/PATH] or unix:///PATH (repeatable, as -h); or the name of a profile')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'Broker as a URL: mqtt[s]://[USER[:PASSWORD]@]HOST[:PORT][/TOPIC], ws[s]://...[/PATH] or unix:///PATH (repeatable, as -h); or the name of a profile')
            [CompletionResult]::new('--broker', '--broker', [CompletionResultType]::ParameterName, 'Broker as a URL: mqtt[s]://[USER[:PASSWORD]@]HOST[:PORT][/TOPIC], ws[s]://...[/PATH] or unix:///PATH (repeatable, as -h); or the name of a profile')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour what is said on stderr: auto, always or never')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Say it in JSON')
            [CompletionResult]::new('--ws', '--ws', [CompletionResultType]::ParameterName, 'Speak MQTT over WebSocket')
            [CompletionResult]::new('--ask-password', '--ask-password', [CompletionResultType]::ParameterName, 'Ask for the password at the terminal')
            [CompletionResult]::new('-d', '-d', [CompletionResultType]::ParameterName, 'Say on stderr which packets are sent and received')
            [CompletionResult]::new('--debug', '--debug', [CompletionResultType]::ParameterName, 'Say on stderr which packets are sent and received')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on stderr, not even why it fails: the exit code tells')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Use TLS and believe any certificate; for tests only')
            [CompletionResult]::new('--no-tls', '--no-tls', [CompletionResultType]::ParameterName, 'Use no TLS, not even with port 8883')
            [CompletionResult]::new('--will-retain', '--will-retain', [CompletionResultType]::ParameterName, 'Ask the broker to keep it for later subscribers')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'mqx;certs' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour what is said on stderr: auto, always or never')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('init', 'init', [CompletionResultType]::ParameterValue, 'Make a CA with a certificate for a broker and one for a client')
            [CompletionResult]::new('ca', 'ca', [CompletionResultType]::ParameterValue, 'Make a CA of your own')
            [CompletionResult]::new('intermediate', 'intermediate', [CompletionResultType]::ParameterValue, 'Make a CA below another, to keep the key of that one away')
            [CompletionResult]::new('server', 'server', [CompletionResultType]::ParameterValue, 'Make a certificate for a broker')
            [CompletionResult]::new('client', 'client', [CompletionResultType]::ParameterValue, 'Make certificates for clients')
            [CompletionResult]::new('csr', 'csr', [CompletionResultType]::ParameterValue, 'Make a request for a certificate, for another CA to sign')
            [CompletionResult]::new('sign', 'sign', [CompletionResultType]::ParameterValue, 'Sign requests for certificates')
            [CompletionResult]::new('inspect', 'inspect', [CompletionResultType]::ParameterValue, 'Print what a certificate, request, revocation list or server says')
            [CompletionResult]::new('verify', 'verify', [CompletionResultType]::ParameterValue, 'Check whether a certificate would be believed, and why not')
            [CompletionResult]::new('needs-renewal', 'needs-renewal', [CompletionResultType]::ParameterValue, 'Fail if a certificate ends soon, for cron')
            [CompletionResult]::new('renew', 'renew', [CompletionResultType]::ParameterValue, 'Make certificates valid for longer')
            [CompletionResult]::new('revoke', 'revoke', [CompletionResultType]::ParameterValue, 'Revoke certificates, and write the list for brokers')
            [CompletionResult]::new('crl', 'crl', [CompletionResultType]::ParameterValue, 'Write the list of revoked certificates again, before it ends')
            [CompletionResult]::new('bundle', 'bundle', [CompletionResultType]::ParameterValue, 'Put a certificate and its key together for other programs and devices')
            [CompletionResult]::new('bad', 'bad', [CompletionResultType]::ParameterValue, 'Make certificates that clients and brokers have to refuse')
            [CompletionResult]::new('install', 'install', [CompletionResultType]::ParameterValue, 'Make this system trust a CA')
            [CompletionResult]::new('uninstall', 'uninstall', [CompletionResultType]::ParameterValue, 'Make this system no longer trust a CA')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'mqx;certs;init' {
            [CompletionResult]::new('--dir', '--dir', [CompletionResultType]::ParameterName, 'Write the files here, into the folder of the CA; it is made if it is missing')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Make the server certificate for this host name or IP address as well (repeatable; *.example.org stands for every host of example.org)')
            [CompletionResult]::new('--client-name', '--client-name', [CompletionResultType]::ParameterName, 'The common name of the client certificate')
            [CompletionResult]::new('--subject', '--subject', [CompletionResultType]::ParameterName, 'What the subjects of all three begin with, as in C=TW,ST=Taipei,O=FOO')
            [CompletionResult]::new('--days', '--days', [CompletionResultType]::ParameterName, 'How many days the certificates are valid, not counting those of CAs')
            [CompletionResult]::new('--print', '--print', [CompletionResultType]::ParameterName, 'Print the configuration that uses the files: of mosquitto, emqx, nanomq, mqx, paho-python, mqttjs or esp-idf')
            [CompletionResult]::new('--key-type', '--key-type', [CompletionResultType]::ParameterName, 'Kind of the new key: p256, p384, ed25519, rsa2048, rsa3072 or rsa4096')
            [CompletionResult]::new('--key-password', '--key-password', [CompletionResultType]::ParameterName, 'Encrypt the new key with this password; on this machine everybody can see it')
            [CompletionResult]::new('--key-password-file', '--key-password-file', [CompletionResultType]::ParameterName, 'Encrypt the new key with the password in this file')
            [CompletionResult]::new('--key-password-env', '--key-password-env', [CompletionResultType]::ParameterName, 'Encrypt the new key with the password in this variable of the environment')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour what is said on stderr: auto, always or never')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Replace files that exist')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Say what was made in JSON, a line for each certificate')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'mqx;certs;ca' {
            [CompletionResult]::new('--path-length', '--path-length', [CompletionResultType]::ParameterName, 'How many CAs may be in a row below it')
            [CompletionResult]::new('--dir', '--dir', [CompletionResultType]::ParameterName, 'Write the files here, into the folder of the CA; it is made if it is missing')
            [CompletionResult]::new('--common-name', '--common-name', [CompletionResultType]::ParameterName, 'Common name of the CA [default: mqx CA and a random number]')
            [CompletionResult]::new('--subject', '--subject', [CompletionResultType]::ParameterName, 'What its subject begins with, as in C=TW,ST=Taipei,O=FOO,OU=BAR')
            [CompletionResult]::new('--days', '--days', [CompletionResultType]::ParameterName, 'How many days it is valid')
            [CompletionResult]::new('--key-type', '--key-type', [CompletionResultType]::ParameterName, 'Kind of the new key: p256, p384, ed25519, rsa2048, rsa3072 or rsa4096')
            [CompletionResult]::new('--key-password', '--key-password', [CompletionResultType]::ParameterName, 'Encrypt the new key with this password; on this machine everybody can see it')
            [CompletionResult]::new('--key-password-file', '--key-password-file', [CompletionResultType]::ParameterName, 'Encrypt the new key with the password in this file')
            [CompletionResult]::new('--key-password-env', '--key-password-env', [CompletionResultType]::ParameterName, 'Encrypt the new key with the password in this variable of the environment')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour what is said on stderr: auto, always or never')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Replace files that exist')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Say what was made in JSON, a line for each certificate')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'mqx;certs;intermediate' {
            [CompletionResult]::new('--path-length', '--path-length', [CompletionResultType]::ParameterName, 'How many CAs may be in a row below it')
            [CompletionResult]::new('--dir', '--dir', [CompletionResultType]::ParameterName, 'Write the files here, into the folder of the CA; it is made if it is missing')
            [CompletionResult]::new('--common-name', '--common-name', [CompletionResultType]::ParameterName, 'Common name of the CA [default: mqx CA and a random number]')
            [CompletionResult]::new('--subject', '--subject', [CompletionResultType]::ParameterName, 'What its subject begins with, as in C=TW,ST=Taipei,O=FOO,OU=BAR')
            [CompletionResult]::new('--days', '--days', [CompletionResultType]::ParameterName, 'How many days it is valid')
            [CompletionResult]::new('--key-type', '--key-type', [CompletionResultType]::ParameterName, 'Kind of the new key: p256, p384, ed25519, rsa2048, rsa3072 or rsa4096')
            [CompletionResult]::new('--key-password', '--key-password', [CompletionResultType]::ParameterName, 'Encrypt the new key with this password; on this machine everybody can see it')
            [CompletionResult]::new('--key-password-file', '--key-password-file', [CompletionResultType]::ParameterName, 'Encrypt the new key with the password in this file')
            [CompletionResult]::new('--key-password-env', '--key-password-env', [CompletionResultType]::ParameterName, 'Encrypt the new key with the password in this variable of the environment')
            [CompletionResult]::new('--ca', '--ca', [CompletionResultType]::ParameterName, 'Certificate of the CA that signs (PEM), of openssl or of a CA below yours [default: ca.crt in --dir]')
            [CompletionResult]::new('--ca-key', '--ca-key', [CompletionResultType]::ParameterName, 'Key of that CA (PEM) [default: beside its certificate, ending in .key]')
            [CompletionResult]::new('--ca-key-password', '--ca-key-password', [CompletionResultType]::ParameterName, 'Password of the CA''s key; on this machine everybody can see it')
            [CompletionResult]::new('--ca-key-password-file', '--ca-key-password-file', [CompletionResultType]::ParameterName, 'Take the password of the CA''s key from this file')
            [CompletionResult]::new('--ca-key-password-env', '--ca-key-password-env', [CompletionResultType]::ParameterName, 'Take the password of the CA''s key from this variable of the environment')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour what is said on stderr: auto, always or never')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Replace files that exist')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Say what was made in JSON, a line for each certificate')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'mqx;certs;server' {
            [CompletionResult]::new('--dir', '--dir', [CompletionResultType]::ParameterName, 'Write the files here, into the folder of the CA; it is made if it is missing')
            [CompletionResult]::new('--subject', '--subject', [CompletionResultType]::ParameterName, 'What the subject begins with, as in C=TW,ST=Taipei,O=FOO,OU=BAR')
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'What the files are called, without what stands behind the dot [default: as the first name of the certificate]')
            [CompletionResult]::new('--key-type', '--key-type', [CompletionResultType]::ParameterName, 'Kind of the new key: p256, p384, ed25519, rsa2048, rsa3072 or rsa4096')
            [CompletionResult]::new('--key-password', '--key-password', [CompletionResultType]::ParameterName, 'Encrypt the new key with this password; on this machine everybody can see it')
            [CompletionResult]::new('--key-password-file', '--key-password-file', [CompletionResultType]::ParameterName, 'Encrypt the new key with the password in this file')
            [CompletionResult]::new('--key-password-env', '--key-password-env', [CompletionResultType]::ParameterName, 'Encrypt the new key with the password in this variable of the environment')
            [CompletionResult]::new('--days', '--days', [CompletionResultType]::ParameterName, 'How many days the certificates are valid, not counting those of CAs')
            [CompletionResult]::new('--print', '--print', [CompletionResultType]::ParameterName, 'Print the configuration that uses the files: of mosquitto, emqx, nanomq, mqx, paho-python, mqttjs or esp-idf')
            [CompletionResult]::new('--ca', '--ca', [CompletionResultType]::ParameterName, 'Certificate of the CA that signs (PEM), of openssl or of a CA below yours [default: ca.crt in --dir]')
            [CompletionResult]::new('--ca-key', '--ca-key', [CompletionResultType]::ParameterName, 'Key of that CA (PEM) [default: beside its certificate, ending in .key]')
            [CompletionResult]::new('--ca-key-password', '--ca-key-password', [CompletionResultType]::ParameterName, 'Password of the CA''s key; on this machine everybody can see it')
            [CompletionResult]::new('--ca-key-password-file', '--ca-key-password-file', [CompletionResultType]::ParameterName, 'Take the password of the CA''s key from this file')
            [CompletionResult]::new('--ca-key-password-env', '--ca-key-password-env', [CompletionResultType]::ParameterName, 'Take the password of the CA''s key from this variable of the environment')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour what is said on stderr: auto, always or never')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Replace files that exist')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Say what was made in JSON, a line for each certificate')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'mqx;certs;client' {
            [CompletionResult]::new('--san', '--san', [CompletionResultType]::ParameterName, 'Another subjectAltName: a URI, an e-mail address or a host (repeatable)')
            [CompletionResult]::new('--dir', '--dir', [CompletionResultType]::ParameterName, 'Write the files here, into the folder of the CA; it is made if it is missing')
            [CompletionResult]::new('--subject', '--subject', [CompletionResultType]::ParameterName, 'What the subject begins with, as in C=TW,ST=Taipei,O=FOO,OU=BAR')
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'What the files are called, without what stands behind the dot [default: as the first name of the certificate]')
            [CompletionResult]::new('--key-type', '--key-type', [CompletionResultType]::ParameterName, 'Kind of the new key: p256, p384, ed25519, rsa2048, rsa3072 or rsa4096')
            [CompletionResult]::new('--key-password', '--key-password', [CompletionResultType]::ParameterName, 'Encrypt the new key with this password; on this machine everybody can see it')
            [CompletionResult]::new('--key-password-file', '--key-password-file', [CompletionResultType]::ParameterName, 'Encrypt the new key with the password in this file')
            [CompletionResult]::new('--key-password-env', '--key-password-env', [CompletionResultType]::ParameterName, 'Encrypt the new key with the password in this variable of the environment')
            [CompletionResult]::new('--days', '--days', [CompletionResultType]::ParameterName, 'How many days the certificates are valid, not counting those of CAs')
            [CompletionResult]::new('--print', '--print', [CompletionResultType]::ParameterName, 'Print the configuration that uses the files: of mosquitto, emqx, nanomq, mqx, paho-python, mqttjs or esp-idf')
            [CompletionResult]::new('--ca', '--ca', [CompletionResultType]::ParameterName, 'Certificate of the CA that signs (PEM), of openssl or of a CA below yours [default: ca.crt in --dir]')
            [CompletionResult]::new('--ca-key', '--ca-key', [CompletionResultType]::ParameterName, 'Key of that CA (PEM) [default: beside its certificate, ending in .key]')
            [CompletionResult]::new('--ca-key-password', '--ca-key-password', [CompletionResultType]::ParameterName, 'Password of the CA''s key; on this machine everybody can see it')
            [CompletionResult]::new('--ca-key-password-file', '--ca-key-password-file', [CompletionResultType]::ParameterName, 'Take the password of the CA''s key from this file')
            [CompletionResult]::new('--ca-key-password-env', '--ca-key-password-env', [CompletionResultType]::ParameterName, 'Take the password of the CA''s key from this variable of the environment')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour what is said on stderr: auto, always or never')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Replace files that exist')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Say what was made in JSON, a line for each certificate')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'mqx;certs;csr' {
            [CompletionResult]::new('--dir', '--dir', [CompletionResultType]::ParameterName, 'Write the files here, into the folder of the CA; it is made if it is missing')
            [CompletionResult]::new('--subject', '--subject', [CompletionResultType]::ParameterName, 'What the subject begins with, as in C=TW,ST=Taipei,O=FOO,OU=BAR')
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'What the files are called, without what stands behind the dot [default: as the first name of the certificate]')
            [CompletionResult]::new('--key-type', '--key-type', [CompletionResultType]::ParameterName, 'Kind of the new key: p256, p384, ed25519, rsa2048, rsa3072 or rsa4096')
            [CompletionResult]::new('--key-password', '--key-password', [CompletionResultType]::ParameterName, 'Encrypt the new key with this password; on this machine everybody can see it')
            [CompletionResult]::new('--key-password-file', '--key-password-file', [CompletionResultType]::ParameterName, 'Encrypt the new key with the password in this file')
            [CompletionResult]::new('--key-password-env', '--key-password-env', [CompletionResultType]::ParameterName, 'Encrypt the new key with the password in this variable of the environment')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour what is said on stderr: auto, always or never')
            [CompletionResult]::new('--client', '--client', [CompletionResultType]::ParameterName, 'Ask for the certificate of a client')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Replace files that exist')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Say what was made in JSON, a line for each certificate')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'mqx;certs;sign' {
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'A host name or IP address beside those that are asked for (repeatable)')
            [CompletionResult]::new('--dir', '--dir', [CompletionResultType]::ParameterName, 'Write the files here, into the folder of the CA; it is made if it is missing')
            [CompletionResult]::new('--days', '--days', [CompletionResultType]::ParameterName, 'How many days the certificates are valid, not counting those of CAs')
            [CompletionResult]::new('--ca', '--ca', [CompletionResultType]::ParameterName, 'Certificate of the CA that signs (PEM), of openssl or of a CA below yours [default: ca.crt in --dir]')
            [CompletionResult]::new('--ca-key', '--ca-key', [CompletionResultType]::ParameterName, 'Key of that CA (PEM) [default: beside its certificate, ending in .key]')
            [CompletionResult]::new('--ca-key-password', '--ca-key-password', [CompletionResultType]::ParameterName, 'Password of the CA''s key; on this machine everybody can see it')
            [CompletionResult]::new('--ca-key-password-file', '--ca-key-password-file', [CompletionResultType]::ParameterName, 'Take the password of the CA''s key from this file')
            [CompletionResult]::new('--ca-key-password-env', '--ca-key-password-env', [CompletionResultType]::ParameterName, 'Take the password of the CA''s key from this variable of the environment')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour what is said on stderr: auto, always or never')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Make it the certificate of a server [default: if it names a host]')
            [CompletionResult]::new('--client', '--client', [CompletionResultType]::ParameterName, 'Make it the certificate of a client [default: if it names no host]')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Replace files that exist')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Say what was made in JSON, a line for each certificate')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'mqx;certs;inspect' {
            [CompletionResult]::new('--sni', '--sni', [CompletionResultType]::ParameterName, 'Name to ask the server for (SNI) in place of the host')
            [CompletionResult]::new('--connect-timeout', '--connect-timeout', [CompletionResultType]::ParameterName, 'How long the server may take')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Say whether this private key (PEM) belongs to the certificate')
            [CompletionResult]::new('--key-password', '--key-password', [CompletionResultType]::ParameterName, 'Password of that key; on this machine everybody can see it')
            [CompletionResult]::new('--key-password-file', '--key-password-file', [CompletionResultType]::ParameterName, 'Take the password of that key from this file')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour what is said on stderr: auto, always or never')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Say it in JSON')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'mqx;certs;verify' {
            [CompletionResult]::new('--sni', '--sni', [CompletionResultType]::ParameterName, 'Name to ask the server for (SNI) in place of the host')
            [CompletionResult]::new('--connect-timeout', '--connect-timeout', [CompletionResultType]::ParameterName, 'How long the server may take')
            [CompletionResult]::new('--cafile', '--cafile', [CompletionResultType]::ParameterName, 'CA that has to have signed it (PEM) [default: those of the system]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Host that a server''s certificate has to be for')
            [CompletionResult]::new('--crlfile', '--crlfile', [CompletionResultType]::ParameterName, 'Lists of what the CAs have revoked (PEM)')
            [CompletionResult]::new('--crl', '--crl', [CompletionResultType]::ParameterName, 'Lists of what the CAs have revoked (PEM)')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour what is said on stderr: auto, always or never')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Say it in JSON')
            [CompletionResult]::new('--client', '--client', [CompletionResultType]::ParameterName, 'Check it as the certificate of a client')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'mqx;certs;needs-renewal' {
            [CompletionResult]::new('--sni', '--sni', [CompletionResultType]::ParameterName, 'Name to ask the server for (SNI) in place of the host')
            [CompletionResult]::new('--connect-timeout', '--connect-timeout', [CompletionResultType]::ParameterName, 'How long the server may take')
            [CompletionResult]::new('--within', '--within', [CompletionResultType]::ParameterName, 'How much time there has to be')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour what is said on stderr: auto, always or never')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Say it in JSON')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'mqx;certs;renew' {
            [CompletionResult]::new('--dir', '--dir', [CompletionResultType]::ParameterName, 'Folder of the CA that signs [default: that of each file]')
            [CompletionResult]::new('--days', '--days', [CompletionResultType]::ParameterName, 'How many days they are valid [default: as long as new ones]')
            [CompletionResult]::new('--key-type', '--key-type', [CompletionResultType]::ParameterName, 'Kind of the new key: p256, p384, ed25519, rsa2048, rsa3072 or rsa4096')
            [CompletionResult]::new('--key-password', '--key-password', [CompletionResultType]::ParameterName, 'Encrypt the new key with this password; on this machine everybody can see it')
            [CompletionResult]::new('--key-password-file', '--key-password-file', [CompletionResultType]::ParameterName, 'Encrypt the new key with the password in this file')
            [CompletionResult]::new('--key-password-env', '--key-password-env', [CompletionResultType]::ParameterName, 'Encrypt the new key with the password in this variable of the environment')
            [CompletionResult]::new('--ca', '--ca', [CompletionResultType]::ParameterName, 'Certificate of the CA that signs (PEM), of openssl or of a CA below yours [default: ca.crt in --dir]')
            [CompletionResult]::new('--ca-key', '--ca-key', [CompletionResultType]::ParameterName, 'Key of that CA (PEM) [default: beside its certificate, ending in .key]')
            [CompletionResult]::new('--ca-key-password', '--ca-key-password', [CompletionResultType]::ParameterName, 'Password of the CA''s key; on this machine everybody can see it')
            [CompletionResult]::new('--ca-key-password-file', '--ca-key-password-file', [CompletionResultType]::ParameterName, 'Take the password of the CA''s key from this file')
            [CompletionResult]::new('--ca-key-password-env', '--ca-key-password-env', [CompletionResultType]::ParameterName, 'Take the password of the CA''s key from this variable of the environment')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour what is said on stderr: auto, always or never')
            [CompletionResult]::new('--new-key', '--new-key', [CompletionResultType]::ParameterName, 'Make new keys too, in the .key files beside the certificates')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Say what was made in JSON')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'mqx;certs;revoke' {
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Why: keyCompromise, superseded, affiliationChanged, cessationOfOperation, privilegeWithdrawn or unspecified')
            [CompletionResult]::new('--dir', '--dir', [CompletionResultType]::ParameterName, 'Folder of the CA')
            [CompletionResult]::new('--days', '--days', [CompletionResultType]::ParameterName, 'In how many days brokers need a new list; they turn all clients away after')
            [CompletionResult]::new('--ca', '--ca', [CompletionResultType]::ParameterName, 'Certificate of the CA that signs (PEM), of openssl or of a CA below yours [default: ca.crt in --dir]')
            [CompletionResult]::new('--ca-key', '--ca-key', [CompletionResultType]::ParameterName, 'Key of that CA (PEM) [default: beside its certificate, ending in .key]')
            [CompletionResult]::new('--ca-key-password', '--ca-key-password', [CompletionResultType]::ParameterName, 'Password of the CA''s key; on this machine everybody can see it')
            [CompletionResult]::new('--ca-key-password-file', '--ca-key-password-file', [CompletionResultType]::ParameterName, 'Take the password of the CA''s key from this file')
            [CompletionResult]::new('--ca-key-password-env', '--ca-key-password-env', [CompletionResultType]::ParameterName, 'Take the password of the CA''s key from this variable of the environment')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour what is said on stderr: auto, always or never')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Say it in JSON')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'mqx;certs;crl' {
            [CompletionResult]::new('--dir', '--dir', [CompletionResultType]::ParameterName, 'Folder of the CA')
            [CompletionResult]::new('--days', '--days', [CompletionResultType]::ParameterName, 'In how many days brokers need a new list; they turn all clients away after')
            [CompletionResult]::new('--ca', '--ca', [CompletionResultType]::ParameterName, 'Certificate of the CA that signs (PEM), of openssl or of a CA below yours [default: ca.crt in --dir]')
            [CompletionResult]::new('--ca-key', '--ca-key', [CompletionResultType]::ParameterName, 'Key of that CA (PEM) [default: beside its certificate, ending in .key]')
            [CompletionResult]::new('--ca-key-password', '--ca-key-password', [CompletionResultType]::ParameterName, 'Password of the CA''s key; on this machine everybody can see it')
            [CompletionResult]::new('--ca-key-password-file', '--ca-key-password-file', [CompletionResultType]::ParameterName, 'Take the password of the CA''s key from this file')
            [CompletionResult]::new('--ca-key-password-env', '--ca-key-password-env', [CompletionResultType]::ParameterName, 'Take the password of the CA''s key from this variable of the environment')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour what is said on stderr: auto, always or never')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Say it in JSON')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'mqx;certs;bundle' {
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'How: pem (the whole chain), p12 (PKCS#12 for Windows and Java), der (for devices) or header (of C, for firmware)')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'How: pem (the whole chain), p12 (PKCS#12 for Windows and Java), der (for devices) or header (of C, for firmware)')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Private key of the certificate [default: beside it, ending in .key]')
            [CompletionResult]::new('--key-password', '--key-password', [CompletionResultType]::ParameterName, 'Password of that key; on this machine everybody can see it')
            [CompletionResult]::new('--key-password-file', '--key-password-file', [CompletionResultType]::ParameterName, 'Take the password of that key from this file')
            [CompletionResult]::new('--cafile', '--cafile', [CompletionResultType]::ParameterName, 'CA at the top of the chain [default: ca.crt beside the certificate]')
            [CompletionResult]::new('--password', '--password', [CompletionResultType]::ParameterName, 'Encrypt PKCS#12 with this password; on this machine everybody can see it')
            [CompletionResult]::new('--password-file', '--password-file', [CompletionResultType]::ParameterName, 'Encrypt PKCS#12 with the password in this file')
            [CompletionResult]::new('--password-env', '--password-env', [CompletionResultType]::ParameterName, 'Encrypt PKCS#12 with the password in this variable of the environment')
            [CompletionResult]::new('--dir', '--dir', [CompletionResultType]::ParameterName, 'Write the files here, into the folder of the CA; it is made if it is missing')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour what is said on stderr: auto, always or never')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Replace files that exist')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Say what was made in JSON, a line for each certificate')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'mqx;certs;bad' {
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'What the certificates would be for (repeatable)')
            [CompletionResult]::new('--dir', '--dir', [CompletionResultType]::ParameterName, 'Write the files here, into the folder of the CA; it is made if it is missing')
            [CompletionResult]::new('--ca', '--ca', [CompletionResultType]::ParameterName, 'Certificate of the CA that signs (PEM), of openssl or of a CA below yours [default: ca.crt in --dir]')
            [CompletionResult]::new('--ca-key', '--ca-key', [CompletionResultType]::ParameterName, 'Key of that CA (PEM) [default: beside its certificate, ending in .key]')
            [CompletionResult]::new('--ca-key-password', '--ca-key-password', [CompletionResultType]::ParameterName, 'Password of the CA''s key; on this machine everybody can see it')
            [CompletionResult]::new('--ca-key-password-file', '--ca-key-password-file', [CompletionResultType]::ParameterName, 'Take the password of the CA''s key from this file')
            [CompletionResult]::new('--ca-key-password-env', '--ca-key-password-env', [CompletionResultType]::ParameterName, 'Take the password of the CA''s key from this variable of the environment')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour what is said on stderr: auto, always or never')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Replace files that exist')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Say what was made in JSON, a line for each certificate')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'mqx;certs;install' {
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'Root of the system whose store it is, for tests')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour what is said on stderr: auto, always or never')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Say it in JSON')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'mqx;certs;uninstall' {
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'Root of the system whose store it is, for tests')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour what is said on stderr: auto, always or never')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Say it in JSON')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'mqx;certs;help' {
            [CompletionResult]::new('init', 'init', [CompletionResultType]::ParameterValue, 'Make a CA with a certificate for a broker and one for a client')
            [CompletionResult]::new('ca', 'ca', [CompletionResultType]::ParameterValue, 'Make a CA of your own')
            [CompletionResult]::new('intermediate', 'intermediate', [CompletionResultType]::ParameterValue, 'Make a CA below another, to keep the key of that one away')
            [CompletionResult]::new('server', 'server', [CompletionResultType]::ParameterValue, 'Make a certificate for a broker')
            [CompletionResult]::new('client', 'client', [CompletionResultType]::ParameterValue, 'Make certificates for clients')
            [CompletionResult]::new('csr', 'csr', [CompletionResultType]::ParameterValue, 'Make a request for a certificate, for another CA to sign')
            [CompletionResult]::new('sign', 'sign', [CompletionResultType]::ParameterValue, 'Sign requests for certificates')
            [CompletionResult]::new('inspect', 'inspect', [CompletionResultType]::ParameterValue, 'Print what a certificate, request, revocation list or server says')
            [CompletionResult]::new('verify', 'verify', [CompletionResultType]::ParameterValue, 'Check whether a certificate would be believed, and why not')
            [CompletionResult]::new('needs-renewal', 'needs-renewal', [CompletionResultType]::ParameterValue, 'Fail if a certificate ends soon, for cron')
            [CompletionResult]::new('renew', 'renew', [CompletionResultType]::ParameterValue, 'Make certificates valid for longer')
            [CompletionResult]::new('revoke', 'revoke', [CompletionResultType]::ParameterValue, 'Revoke certificates, and write the list for brokers')
            [CompletionResult]::new('crl', 'crl', [CompletionResultType]::ParameterValue, 'Write the list of revoked certificates again, before it ends')
            [CompletionResult]::new('bundle', 'bundle', [CompletionResultType]::ParameterValue, 'Put a certificate and its key together for other programs and devices')
            [CompletionResult]::new('bad', 'bad', [CompletionResultType]::ParameterValue, 'Make certificates that clients and brokers have to refuse')
            [CompletionResult]::new('install', 'install', [CompletionResultType]::ParameterValue, 'Make this system trust a CA')
            [CompletionResult]::new('uninstall', 'uninstall', [CompletionResultType]::ParameterValue, 'Make this system no longer trust a CA')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'mqx;certs;help;init' {
            break
        }
        'mqx;certs;help;ca' {
            break
        }
        'mqx;certs;help;intermediate' {
            break
        }
        'mqx;certs;help;server' {
            break
        }
        'mqx;certs;help;client' {
            break
        }
        'mqx;certs;help;csr' {
            break
        }
        'mqx;certs;help;sign' {
            break
        }
        'mqx;certs;help;inspect' {
            break
        }
        'mqx;certs;help;verify' {
            break
        }
        'mqx;certs;help;needs-renewal' {
            break
        }
        'mqx;certs;help;renew' {
            break
        }
        'mqx;certs;help;revoke' {
            break
        }
        'mqx;certs;help;crl' {
            break
        }
        'mqx;certs;help;bundle' {
            break
        }
        'mqx;certs;help;bad' {
            break
        }
        'mqx;certs;help;install' {
            break
        }
        'mqx;certs;help;uninstall' {
            break
        }
        'mqx;certs;help;help' {
            break
        }
        'mqx;profile' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'File with the profiles [default: ~/.config/mqx/config.toml]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour what is said on stderr: auto, always or never')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('ls', 'ls', [CompletionResultType]::ParameterValue, 'Name the profiles and their brokers')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show what a profile says, but for its secrets')
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Add a profile with options of the clients')
            [CompletionResult]::new('rm', 'rm', [CompletionResultType]::ParameterValue, 'Remove a profile')
            [CompletionResult]::new('import', 'import', [CompletionResultType]::ParameterValue, 'Make profiles of what mosquitto''s clients, MQTTX or `HiveMQ`''s tool know')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'mqx;profile;ls' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour what is said on stderr: auto, always or never')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'mqx;profile;show' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour what is said on stderr: auto, always or never')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'mqx;profile;add' {
            [CompletionResult]::new('-i', '-i', [CompletionResultType]::ParameterName, 'Client identifier; %h stands for this machine, %p for the process, %r for something random, %u for the user name [default: the broker chooses one]')
            [CompletionResult]::new('--id', '--id', [CompletionResultType]::ParameterName, 'Client identifier; %h stands for this machine, %p for the process, %r for something random, %u for the user name [default: the broker chooses one]')
            [CompletionResult]::new('-I', '-I ', [CompletionResultType]::ParameterName, 'Client identifier that begins with this and ends with the number of the process')
            [CompletionResult]::new('--id-prefix', '--id-prefix', [CompletionResultType]::ParameterName, 'Client identifier that begins with this and ends with the number of the process')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Host name or address of the broker; of several the next is tried when one fails (repeatable) [default: localhost]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Host name or address of the broker; of several the next is tried when one fails (repeatable) [default: localhost]')
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'Port of the broker [default: 1883, with TLS 8883]; 8883 means TLS')
            [CompletionResult]::new('--port', '--port', [CompletionResultType]::ParameterName, 'Port of the broker [default: 1883, with TLS 8883]; 8883 means TLS')
            [CompletionResult]::new('-b', '-b', [CompletionResultType]::ParameterName, 'Broker as a URL: mqtt[s]://[USER[:PASSWORD]@]HOST[:PORT][/TOPIC], ws[s]://...[/PATH] or unix:///PATH (repeatable, as -h); or the name of a profile')
            [CompletionResult]::new('--broker', '--broker', [CompletionResultType]::ParameterName, 'Broker as a URL: mqtt[s]://[USER[:PASSWORD]@]HOST[:PORT][/TOPIC], ws[s]://...[/PATH] or unix:///PATH (repeatable, as -h); or the name of a profile')
            [CompletionResult]::new('--unix', '--unix', [CompletionResultType]::ParameterName, 'Unix socket of the broker')
            [CompletionResult]::new('--ws-path', '--ws-path', [CompletionResultType]::ParameterName, 'Path of the broker for WebSocket [default: /mqtt]')
            [CompletionResult]::new('--ws-header', '--ws-header', [CompletionResultType]::ParameterName, 'Header of the WebSocket request, as in ''Authorization: Bearer x'' (repeatable)')
            [CompletionResult]::new('--proxy', '--proxy', [CompletionResultType]::ParameterName, 'Connect through this proxy: socks5h://, socks5://, http:// or https://[USER:PASSWORD@]HOST[:PORT], or none [default: ALL_PROXY, for wss HTTPS_PROXY before it and for ws http_proxy, unless NO_PROXY has the host]')
            [CompletionResult]::new('-A', '-A ', [CompletionResultType]::ParameterName, 'Connect from this address of the machine')
            [CompletionResult]::new('--bind', '--bind', [CompletionResultType]::ParameterName, 'Connect from this address of the machine')
            [CompletionResult]::new('-u', '-u', [CompletionResultType]::ParameterName, 'User name')
            [CompletionResult]::new('--username', '--username', [CompletionResultType]::ParameterName, 'User name')
            [CompletionResult]::new('-P', '-P ', [CompletionResultType]::ParameterName, 'Password; on this machine everybody can see it, unlike with the next four')
            [CompletionResult]::new('--password', '--password', [CompletionResultType]::ParameterName, 'Password; on this machine everybody can see it, unlike with the next four')
            [CompletionResult]::new('--password-file', '--password-file', [CompletionResultType]::ParameterName, 'Take the password from this file')
            [CompletionResult]::new('--password-env', '--password-env', [CompletionResultType]::ParameterName, 'Take the password from this variable of the environment')
            [CompletionResult]::new('--password-command', '--password-command', [CompletionResultType]::ParameterName, 'Take the password from what this command of the shell prints')
            [CompletionResult]::new('-k', '-k', [CompletionResultType]::ParameterName, 'Seconds of silence after which a ping is sent; 0 for none')
            [CompletionResult]::new('--keepalive', '--keepalive', [CompletionResultType]::ParameterName, 'Seconds of silence after which a ping is sent; 0 for none')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Version of MQTT: 5, 3.1.1 or 3.1 [default: 5, and 3.1.1 if the broker refuses it]')
            [CompletionResult]::new('--mqtt-version', '--mqtt-version', [CompletionResultType]::ParameterName, 'Version of MQTT: 5, 3.1.1 or 3.1 [default: 5, and 3.1.1 if the broker refuses it]')
            [CompletionResult]::new('--connect-timeout', '--connect-timeout', [CompletionResultType]::ParameterName, 'Give up connecting after this time, as in 10, 500ms or 2m')
            [CompletionResult]::new('--engine', '--engine', [CompletionResultType]::ParameterName, 'Whose implementation of MQTT speaks: native (that of mqx) or rumqttc')
            [CompletionResult]::new('--jwt-key', '--jwt-key', [CompletionResultType]::ParameterName, 'Sign a token with this private key (PEM) for a password, a new one for every connection')
            [CompletionResult]::new('--jwt-alg', '--jwt-alg', [CompletionResultType]::ParameterName, 'How to sign it: RS256 or ES256 [default: as the key is made for]')
            [CompletionResult]::new('--jwt-aud', '--jwt-aud', [CompletionResultType]::ParameterName, 'Whom it is for (aud; repeatable)')
            [CompletionResult]::new('--jwt-sub', '--jwt-sub', [CompletionResultType]::ParameterName, 'Whom it is about (sub) [default: the user name]')
            [CompletionResult]::new('--jwt-iss', '--jwt-iss', [CompletionResultType]::ParameterName, 'Whom it is from (iss)')
            [CompletionResult]::new('--jwt-kid', '--jwt-kid', [CompletionResultType]::ParameterName, 'Name of the key (kid)')
            [CompletionResult]::new('--jwt-claim', '--jwt-claim', [CompletionResultType]::ParameterName, 'Another claim, as in name=value; a value in JSON is taken as that (repeatable)')
            [CompletionResult]::new('--jwt-ttl', '--jwt-ttl', [CompletionResultType]::ParameterName, 'How long it counts, as in 600 or 1h')
            [CompletionResult]::new('--tls', '--tls', [CompletionResultType]::ParameterName, 'Use TLS; trust the CA in this file, or without one those of the system')
            [CompletionResult]::new('--cafile', '--cafile', [CompletionResultType]::ParameterName, 'The same as --tls with a CA')
            [CompletionResult]::new('--capath', '--capath', [CompletionResultType]::ParameterName, 'Use TLS and trust the CAs in the PEM files of this directory')
            [CompletionResult]::new('--cert', '--cert', [CompletionResultType]::ParameterName, 'Use TLS and show this certificate to the broker (PEM)')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'The private key of that certificate (PEM, also encrypted PKCS#8)')
            [CompletionResult]::new('--p12', '--p12', [CompletionResultType]::ParameterName, 'Use TLS and show the certificate in this PKCS#12 file, which has its key too')
            [CompletionResult]::new('--key-password', '--key-password', [CompletionResultType]::ParameterName, 'Password of the private key, or of the PKCS#12 file; on this machine everybody can see it')
            [CompletionResult]::new('--key-password-file', '--key-password-file', [CompletionResultType]::ParameterName, 'Take the password of the private key from this file')
            [CompletionResult]::new('--key-password-env', '--key-password-env', [CompletionResultType]::ParameterName, 'Take the password of the private key from this variable of the environment')
            [CompletionResult]::new('--sni', '--sni', [CompletionResultType]::ParameterName, 'Name to ask the broker for (SNI) and to check its certificate with, in place of the host')
            [CompletionResult]::new('--tls-alpn', '--tls-alpn', [CompletionResultType]::ParameterName, 'Application protocol to offer (ALPN), as in mqtt or x-amzn-mqtt-ca (repeatable)')
            [CompletionResult]::new('--tls-version', '--tls-version', [CompletionResultType]::ParameterName, 'Speak this version of TLS and no other: 1.2 or 1.3')
            [CompletionResult]::new('--ciphers', '--ciphers', [CompletionResultType]::ParameterName, 'Offer these cipher suites and no others, by their names of IANA or OpenSSL with colons between them; what is not known is told')
            [CompletionResult]::new('--tls-keylog', '--tls-keylog', [CompletionResultType]::ParameterName, 'Append the secrets of TLS to this file, for Wireshark [default: that of SSLKEYLOGFILE]')
            [CompletionResult]::new('--will-topic', '--will-topic', [CompletionResultType]::ParameterName, 'Topic of the message the broker publishes when the connection is lost')
            [CompletionResult]::new('--will-payload', '--will-payload', [CompletionResultType]::ParameterName, 'Its payload [default: empty]')
            [CompletionResult]::new('--will-file', '--will-file', [CompletionResultType]::ParameterName, 'Its payload from this file')
            [CompletionResult]::new('--will-qos', '--will-qos', [CompletionResultType]::ParameterName, 'Its quality of service: 0, 1 or 2')
            [CompletionResult]::new('--will-delay-interval', '--will-delay-interval', [CompletionResultType]::ParameterName, 'Publish it only after this time, as in 10 or 1m (MQTT 5)')
            [CompletionResult]::new('--will-message-expiry-interval', '--will-message-expiry-interval', [CompletionResultType]::ParameterName, 'Time after which it is worth nothing (MQTT 5)')
            [CompletionResult]::new('--will-content-type', '--will-content-type', [CompletionResultType]::ParameterName, 'What its payload is, as in application/json (MQTT 5)')
            [CompletionResult]::new('--will-payload-format-indicator', '--will-payload-format-indicator', [CompletionResultType]::ParameterName, 'Whether its payload is UTF-8 text (MQTT 5)')
            [CompletionResult]::new('--will-response-topic', '--will-response-topic', [CompletionResultType]::ParameterName, 'Topic for an answer to it (MQTT 5)')
            [CompletionResult]::new('--will-correlation-data', '--will-correlation-data', [CompletionResultType]::ParameterName, 'What an answer is to repeat: text, hex:... or base64:... (MQTT 5)')
            [CompletionResult]::new('--will-user-property', '--will-user-property', [CompletionResultType]::ParameterName, 'User property of it, as in name=value (repeatable, MQTT 5)')
            [CompletionResult]::new('-x', '-x', [CompletionResultType]::ParameterName, 'Keep the session so long after the connection, as in 60, 1h or never (to end)')
            [CompletionResult]::new('--session-expiry-interval', '--session-expiry-interval', [CompletionResultType]::ParameterName, 'Keep the session so long after the connection, as in 60, 1h or never (to end)')
            [CompletionResult]::new('--receive-maximum', '--receive-maximum', [CompletionResultType]::ParameterName, 'QoS 1 and 2 messages the broker may send before they are answered')
            [CompletionResult]::new('--maximum-packet-size', '--maximum-packet-size', [CompletionResultType]::ParameterName, 'Bytes of the largest packet the broker may send')
            [CompletionResult]::new('--topic-alias-maximum', '--topic-alias-maximum', [CompletionResultType]::ParameterName, 'Topic aliases the broker may use')
            [CompletionResult]::new('--request-response-information', '--request-response-information', [CompletionResultType]::ParameterName, 'Ask for the basis of response topics')
            [CompletionResult]::new('--request-problem-information', '--request-problem-information', [CompletionResultType]::ParameterName, 'Ask for reasons in words [default: true]')
            [CompletionResult]::new('--connect-user-property', '--connect-user-property', [CompletionResultType]::ParameterName, 'User property of CONNECT, as in name=value (repeatable)')
            [CompletionResult]::new('--authentication-method', '--authentication-method', [CompletionResultType]::ParameterName, 'Method of enhanced authentication: SCRAM-SHA-256 takes user and password and checks the broker too; of others only what CONNECT says can be given')
            [CompletionResult]::new('--authentication-data', '--authentication-data', [CompletionResultType]::ParameterName, 'Data of that method: text, hex:... or base64:...')
            [CompletionResult]::new('--disconnect-session-expiry-interval', '--disconnect-session-expiry-interval', [CompletionResultType]::ParameterName, 'Session expiry in DISCONNECT: from then on this holds')
            [CompletionResult]::new('--disconnect-reason', '--disconnect-reason', [CompletionResultType]::ParameterName, 'Reason in words in DISCONNECT')
            [CompletionResult]::new('--disconnect-user-property', '--disconnect-user-property', [CompletionResultType]::ParameterName, 'User property of DISCONNECT, as in name=value (repeatable)')
            [CompletionResult]::new('-D', '-D ', [CompletionResultType]::ParameterName, 'Set a property as with mosquitto: connect, publish, subscribe, disconnect or will, its name and its value; each has an option of its own here')
            [CompletionResult]::new('--property', '--property', [CompletionResultType]::ParameterName, 'Set a property as with mosquitto: connect, publish, subscribe, disconnect or will, its name and its value; each has an option of its own here')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'File with the profiles [default: ~/.config/mqx/config.toml]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Option file of mosquitto''s clients')
            [CompletionResult]::new('--config-file', '--config-file', [CompletionResultType]::ParameterName, 'Option file of mosquitto''s clients')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour what is said on stderr: auto, always or never')
            [CompletionResult]::new('--replace', '--replace', [CompletionResultType]::ParameterName, 'Put it in the place of one of the same name')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Go on with the session of this client identifier, and keep it; without -x for ever')
            [CompletionResult]::new('--disable-clean-session', '--disable-clean-session', [CompletionResultType]::ParameterName, 'Go on with the session of this client identifier, and keep it; without -x for ever')
            [CompletionResult]::new('--ws', '--ws', [CompletionResultType]::ParameterName, 'Speak MQTT over WebSocket')
            [CompletionResult]::new('--ask-password', '--ask-password', [CompletionResultType]::ParameterName, 'Ask for the password at the terminal')
            [CompletionResult]::new('-d', '-d', [CompletionResultType]::ParameterName, 'Say on stderr which packets are sent and received')
            [CompletionResult]::new('--debug', '--debug', [CompletionResultType]::ParameterName, 'Say on stderr which packets are sent and received')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on stderr, not even why it fails: the exit code tells')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Use TLS and believe any certificate; for tests only')
            [CompletionResult]::new('--no-tls', '--no-tls', [CompletionResultType]::ParameterName, 'Use no TLS, not even with port 8883')
            [CompletionResult]::new('--will-retain', '--will-retain', [CompletionResultType]::ParameterName, 'Ask the broker to keep it for later subscribers')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'mqx;profile;rm' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour what is said on stderr: auto, always or never')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'mqx;profile;import' {
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'Name of the profile, where the file has none [default: that of the file]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour what is said on stderr: auto, always or never')
            [CompletionResult]::new('--replace', '--replace', [CompletionResultType]::ParameterName, 'Put them in the place of those of the same name')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'mqx;profile;help' {
            [CompletionResult]::new('ls', 'ls', [CompletionResultType]::ParameterValue, 'Name the profiles and their brokers')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show what a profile says, but for its secrets')
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Add a profile with options of the clients')
            [CompletionResult]::new('rm', 'rm', [CompletionResultType]::ParameterValue, 'Remove a profile')
            [CompletionResult]::new('import', 'import', [CompletionResultType]::ParameterValue, 'Make profiles of what mosquitto''s clients, MQTTX or `HiveMQ`''s tool know')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'mqx;profile;help;ls' {
            break
        }
        'mqx;profile;help;show' {
            break
        }
        'mqx;profile;help;add' {
            break
        }
        'mqx;profile;help;rm' {
            break
        }
        'mqx;profile;help;import' {
            break
        }
        'mqx;profile;help;help' {
            break
        }
        'mqx;broker' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'File with options; what is typed and what the environment says come first')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'File with options; what is typed and what the environment says come first')
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'Port for MQTT over TCP; 0 takes a free one, which the first line names. WebSocket is taken there too, and TLS if there is a certificate [default: 1883]')
            [CompletionResult]::new('--port', '--port', [CompletionResultType]::ParameterName, 'Port for MQTT over TCP; 0 takes a free one, which the first line names. WebSocket is taken there too, and TLS if there is a certificate [default: 1883]')
            [CompletionResult]::new('--unix', '--unix', [CompletionResultType]::ParameterName, 'Unix socket to listen at; one left behind by a broker is replaced')
            [CompletionResult]::new('--tls-port', '--tls-port', [CompletionResultType]::ParameterName, 'Port for MQTT over TLS; 0 takes a free one [default: 8883]')
            [CompletionResult]::new('--ws-port', '--ws-port', [CompletionResultType]::ParameterName, 'Port for WebSocket only; 0 takes a free one')
            [CompletionResult]::new('--http-port', '--http-port', [CompletionResultType]::ParameterName, 'Port for HTTP only: /healthz, /metrics and /api/v1; 0 takes a free one. The port of MQTT serves them too')
            [CompletionResult]::new('--bind', '--bind', [CompletionResultType]::ParameterName, 'Address to listen on; 0.0.0.0 lets other machines in [default: this machine only]')
            [CompletionResult]::new('--bind-interface', '--bind-interface', [CompletionResultType]::ParameterName, 'Network interface to listen on, such as eth0, with every address that it has unless --bind names one')
            [CompletionResult]::new('--ws-path', '--ws-path', [CompletionResultType]::ParameterName, 'Path that WebSocket clients ask for; * is any')
            [CompletionResult]::new('--ws-origin', '--ws-origin', [CompletionResultType]::ParameterName, 'Origin of web pages that may connect, as `https://example.org` (repeatable); * is any [default: this machine]')
            [CompletionResult]::new('--tls', '--tls', [CompletionResultType]::ParameterName, 'auto: show a certificate that the broker keeps itself, and opens the TLS port')
            [CompletionResult]::new('--tls-dir', '--tls-dir', [CompletionResultType]::ParameterName, 'Where --tls auto and --tls-lab keep their files')
            [CompletionResult]::new('--tls-host', '--tls-host', [CompletionResultType]::ParameterName, 'A host name or address that the certificate of --tls auto is for too (repeatable)')
            [CompletionResult]::new('--cert', '--cert', [CompletionResultType]::ParameterName, 'Server certificate with its chain (PEM); opens the TLS port. The file that SSLKEYLOGFILE names gets the secrets, for Wireshark')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Private key of the server certificate (PEM)')
            [CompletionResult]::new('--key-password-file', '--key-password-file', [CompletionResultType]::ParameterName, 'Password of that key, in a file; for a key that is encrypted')
            [CompletionResult]::new('--cafile', '--cafile', [CompletionResultType]::ParameterName, 'CA that client certificates are checked against (PEM)')
            [CompletionResult]::new('--capath', '--capath', [CompletionResultType]::ParameterName, 'The same of the CAs in the files of this directory, which `openssl rehash` has prepared; goes together with --cafile')
            [CompletionResult]::new('--tls-min-version', '--tls-min-version', [CompletionResultType]::ParameterName, 'Oldest version of TLS that is spoken: 1.2 or 1.3 [default: 1.2]')
            [CompletionResult]::new('--tls-max-version', '--tls-max-version', [CompletionResultType]::ParameterName, 'Newest version of TLS that is spoken: 1.2 or 1.3 [default: 1.3]')
            [CompletionResult]::new('--tls-alpn', '--tls-alpn', [CompletionResultType]::ParameterName, 'Application protocol to agree on with clients that offer any (ALPN), as in mqtt; those that offer none of these are refused (repeatable)')
            [CompletionResult]::new('--crlfile', '--crlfile', [CompletionResultType]::ParameterName, 'Certificates that the CAs of clients have revoked (PEM); each of them needs a list in it that is not out of date')
            [CompletionResult]::new('--crl', '--crl', [CompletionResultType]::ParameterName, 'Certificates that the CAs of clients have revoked (PEM); each of them needs a list in it that is not out of date')
            [CompletionResult]::new('--password-file', '--password-file', [CompletionResultType]::ParameterName, 'Users and their passwords, in the format of mosquitto')
            [CompletionResult]::new('--jwt-key', '--jwt-key', [CompletionResultType]::ParameterName, 'Key that JSON Web Tokens are signed with: a client with such a token for a password is let in until the token ends')
            [CompletionResult]::new('--jwt-user-claim', '--jwt-user-claim', [CompletionResultType]::ParameterName, 'Claim of a token that must be the user name of the client')
            [CompletionResult]::new('--jwt-audience', '--jwt-audience', [CompletionResultType]::ParameterName, 'Audience a token must be for (repeatable; one is enough)')
            [CompletionResult]::new('--jwt-issuer', '--jwt-issuer', [CompletionResultType]::ParameterName, 'Issuer a token must be from (repeatable; one is enough)')
            [CompletionResult]::new('--accept-versions', '--accept-versions', [CompletionResultType]::ParameterName, 'Versions of MQTT taken, with commas between: 5, 3.1.1 and 3.1 [default: all]')
            [CompletionResult]::new('--auto-id-prefix', '--auto-id-prefix', [CompletionResultType]::ParameterName, 'What the identifiers begin with that the broker gives')
            [CompletionResult]::new('--client-id-prefix', '--client-id-prefix', [CompletionResultType]::ParameterName, 'Refuse clients whose identifier begins with something else')
            [CompletionResult]::new('--mount-point', '--mount-point', [CompletionResultType]::ParameterName, 'What stands before every topic of the clients here, who never see it')
            [CompletionResult]::new('--tls-lab-port', '--tls-lab-port', [CompletionResultType]::ParameterName, 'The first of the ports of --tls-lab, which follow one another; 0 takes free ones')
            [CompletionResult]::new('--acl-file', '--acl-file', [CompletionResultType]::ParameterName, 'Who may read and write which topics, in the format of mosquitto')
            [CompletionResult]::new('--acl-subscribe-check', '--acl-subscribe-check', [CompletionResultType]::ParameterName, 'Refuse a subscription that the rules allow no message of')
            [CompletionResult]::new('--max-qos', '--max-qos', [CompletionResultType]::ParameterName, 'Highest QoS taken and granted: 0, 1 or 2')
            [CompletionResult]::new('--receive-maximum', '--receive-maximum', [CompletionResultType]::ParameterName, 'QoS 2 messages taken from a client at once, announced as Receive Maximum')
            [CompletionResult]::new('--max-packet-size', '--max-packet-size', [CompletionResultType]::ParameterName, 'Bytes of the largest packet taken')
            [CompletionResult]::new('--max-keepalive', '--max-keepalive', [CompletionResultType]::ParameterName, 'Seconds of silence a client of version 5 may ask for; more or 0 is answered with this Server Keep Alive [default: any]')
            [CompletionResult]::new('--topic-alias-maximum', '--topic-alias-maximum', [CompletionResultType]::ParameterName, 'Topic aliases taken from a client')
            [CompletionResult]::new('--topic-aliases-sent', '--topic-aliases-sent', [CompletionResultType]::ParameterName, 'Topic aliases given to a client that takes them; mosquitto''s `max_topic_alias_broker`')
            [CompletionResult]::new('--response-information', '--response-information', [CompletionResultType]::ParameterName, 'What Response Information begins with; the client identifier and a slash follow. Clients that ask for it use it for their response topics [default: none is given]')
            [CompletionResult]::new('--max-inflight', '--max-inflight', [CompletionResultType]::ParameterName, 'QoS 1 and 2 messages in flight to one client, if that takes as many')
            [CompletionResult]::new('--max-queued', '--max-queued', [CompletionResultType]::ParameterName, 'Messages that wait for one client at most')
            [CompletionResult]::new('--max-connections', '--max-connections', [CompletionResultType]::ParameterName, 'Clients connected at once [default: any number]')
            [CompletionResult]::new('--max-publish-rate', '--max-publish-rate', [CompletionResultType]::ParameterName, 'Messages a connection may publish in a second; one that is faster is not read for a while [default: any number]')
            [CompletionResult]::new('--max-publish-bytes', '--max-publish-bytes', [CompletionResultType]::ParameterName, 'Bytes of messages a connection may publish in a second [default: any number]')
            [CompletionResult]::new('--max-payload', '--max-payload', [CompletionResultType]::ParameterName, 'Bytes of the largest payload taken; a larger message is acknowledged and goes to nobody. A client is not told beforehand: --max-packet-size is announced [default: any]')
            [CompletionResult]::new('--max-queued-bytes', '--max-queued-bytes', [CompletionResultType]::ParameterName, 'Bytes of messages that wait for one client at most')
            [CompletionResult]::new('--max-output', '--max-output', [CompletionResultType]::ParameterName, 'Bytes of output above which a client is slow')
            [CompletionResult]::new('--slow-consumer', '--slow-consumer', [CompletionResultType]::ParameterName, 'What becomes of a client that is slow: it does not get the newest messages of QoS 0 or not the oldest that wait, or it is cut off')
            [CompletionResult]::new('--backpressure', '--backpressure', [CompletionResultType]::ParameterName, 'Seconds that those who publish for a client that is slow, or whose queue is full, wait for it at most: they are not read until it has caught up')
            [CompletionResult]::new('--max-subscriptions', '--max-subscriptions', [CompletionResultType]::ParameterName, 'Filters one client may have subscribed [default: any number]')
            [CompletionResult]::new('--max-topic-levels', '--max-topic-levels', [CompletionResultType]::ParameterName, 'Levels of a topic or a filter')
            [CompletionResult]::new('--max-session-expiry', '--max-session-expiry', [CompletionResultType]::ParameterName, 'Seconds that a session outlives its connection at most; a client of version 5 is told [default: as long as it asks for]')
            [CompletionResult]::new('--connect-timeout', '--connect-timeout', [CompletionResultType]::ParameterName, 'Seconds a new connection may take to send CONNECT')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'File that keeps sessions, subscriptions, retained, queued and in-flight messages and wills, or `redis://USER:PASSWORD@HOST:PORT/DB?prefix=mqx`, of which all but the host may be left out; it is made if it is missing [default: memory only]')
            [CompletionResult]::new('--sync', '--sync', [CompletionResultType]::ParameterName, 'What the store promises [default: always]')
            [CompletionResult]::new('--sys-interval', '--sys-interval', [CompletionResultType]::ParameterName, 'Seconds between the values of `$SYS/broker` while somebody is subscribed to them; 0 is never')
            [CompletionResult]::new('--http-token-file', '--http-token-file', [CompletionResultType]::ParameterName, 'File with what HTTP clients must show, as Authorization: Bearer TOKEN')
            [CompletionResult]::new('--http-token', '--http-token', [CompletionResultType]::ParameterName, 'The token itself, which others on this machine can then see')
            [CompletionResult]::new('--exec', '--exec', [CompletionResultType]::ParameterName, 'Command to run as soon as the broker is ready; its end is the broker''s, and its exit code too')
            [CompletionResult]::new('--log-level', '--log-level', [CompletionResultType]::ParameterName, 'Least that is worth a line: error, warn, info, debug or trace')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Look of a line: text or json')
            [CompletionResult]::new('--log-file', '--log-file', [CompletionResultType]::ParameterName, 'File that lines are appended to [default: stderr]')
            [CompletionResult]::new('--trace', '--trace', [CompletionResultType]::ParameterName, 'Write every packet, decoded, to this file, or to stderr without one')
            [CompletionResult]::new('--trace-format', '--trace-format', [CompletionResultType]::ParameterName, 'text, json (a line each) or pcapng, which Wireshark opens [default: by the file''s ending, else text]')
            [CompletionResult]::new('--trace-client', '--trace-client', [CompletionResultType]::ParameterName, 'Clients whose packets are written; * stands for any text')
            [CompletionResult]::new('--trace-topic', '--trace-topic', [CompletionResultType]::ParameterName, 'Topic filter of what is written: messages, their acknowledgements and requests that name it')
            [CompletionResult]::new('--trace-type', '--trace-type', [CompletionResultType]::ParameterName, 'Types of packets that are written: publish,puback,...')
            [CompletionResult]::new('--trace-payload', '--trace-payload', [CompletionResultType]::ParameterName, 'Bytes of each payload that are shown')
            [CompletionResult]::new('--workers', '--workers', [CompletionResultType]::ParameterName, 'Threads that serve connections [default: one per core, 4 at most]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour what is said on stderr: auto, always or never')
            [CompletionResult]::new('--check-config', '--check-config', [CompletionResultType]::ParameterName, 'Read the configuration and every file it names, say what is wrong with it, and end')
            [CompletionResult]::new('--proxy-protocol', '--proxy-protocol', [CompletionResultType]::ParameterName, 'Every connection comes from a proxy that sends the PROXY header (version 1 or 2) first')
            [CompletionResult]::new('--require-client-cert', '--require-client-cert', [CompletionResultType]::ParameterName, 'Refuse clients on the TLS port that show no certificate')
            [CompletionResult]::new('--use-identity-as-username', '--use-identity-as-username', [CompletionResultType]::ParameterName, 'A client''s user name is the common name in its certificate')
            [CompletionResult]::new('--use-subject-as-username', '--use-subject-as-username', [CompletionResultType]::ParameterName, 'A client''s user name is the whole subject of its certificate, written as CN=ann,O=Example')
            [CompletionResult]::new('--require-tls', '--require-tls', [CompletionResultType]::ParameterName, 'Refuse clients on every port that do not speak TLS')
            [CompletionResult]::new('--allow-anonymous', '--allow-anonymous', [CompletionResultType]::ParameterName, 'Let clients without a user name in beside those of --password-file and --jwt-key')
            [CompletionResult]::new('--no-anonymous', '--no-anonymous', [CompletionResultType]::ParameterName, 'Refuse clients without a user name; this is so with --password-file and --jwt-key, and without either nobody is let in')
            [CompletionResult]::new('--no-empty-client-id', '--no-empty-client-id', [CompletionResultType]::ParameterName, 'Refuse clients that leave it to the broker to give them an identifier')
            [CompletionResult]::new('--use-username-as-client-id', '--use-username-as-client-id', [CompletionResultType]::ParameterName, 'The user name of a client is its identifier, whatever it calls itself; those without one are refused')
            [CompletionResult]::new('--tls-lab', '--tls-lab', [CompletionResultType]::ParameterName, 'Open a TLS port with a good certificate and one for each way a certificate can be bad, and say what a client has to do at each')
            [CompletionResult]::new('--no-retain', '--no-retain', [CompletionResultType]::ParameterName, 'Retain no messages; a client that asks for it is cut off')
            [CompletionResult]::new('--queue-qos0', '--queue-qos0', [CompletionResultType]::ParameterName, 'Keep messages of QoS 0 too for sessions that are offline')
            [CompletionResult]::new('--sys-events', '--sys-events', [CompletionResultType]::ParameterName, 'Publish who comes, goes and subscribes to what, as EMQX does')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'As --log-level debug')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'As --log-level debug')
            [CompletionResult]::new('--no-log-connections', '--no-log-connections', [CompletionResultType]::ParameterName, 'Leave out that clients come and go; those that are refused stay in')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('passwd', 'passwd', [CompletionResultType]::ParameterValue, 'Set or delete a user''s password in a file for --password-file')
            [CompletionResult]::new('export', 'export', [CompletionResultType]::ParameterValue, 'Write what a store holds as JSON')
            [CompletionResult]::new('import', 'import', [CompletionResultType]::ParameterValue, 'Put what `mqx broker export` has written into a store')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'mqx;broker;passwd' {
            [CompletionResult]::new('--hash', '--hash', [CompletionResultType]::ParameterName, 'How the password is hashed; mosquitto reads argon2id since 2.1 and scram-sha-256 never. With the last the client can authenticate without sending the password')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour what is said on stderr: auto, always or never')
            [CompletionResult]::new('--delete', '--delete', [CompletionResultType]::ParameterName, 'Remove the user')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'mqx;broker;export' {
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'The store, as `mqx broker --store` names it; no broker may have it open')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour what is said on stderr: auto, always or never')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'mqx;broker;import' {
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'The store, as `mqx broker --store` names it; no broker may have it open')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour what is said on stderr: auto, always or never')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Replace what the store holds')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'mqx;broker;help' {
            [CompletionResult]::new('passwd', 'passwd', [CompletionResultType]::ParameterValue, 'Set or delete a user''s password in a file for --password-file')
            [CompletionResult]::new('export', 'export', [CompletionResultType]::ParameterValue, 'Write what a store holds as JSON')
            [CompletionResult]::new('import', 'import', [CompletionResultType]::ParameterValue, 'Put what `mqx broker export` has written into a store')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'mqx;broker;help;passwd' {
            break
        }
        'mqx;broker;help;export' {
            break
        }
        'mqx;broker;help;import' {
            break
        }
        'mqx;broker;help;help' {
            break
        }
        'mqx;help' {
            [CompletionResult]::new('pub', 'pub', [CompletionResultType]::ParameterValue, 'Publish messages')
            [CompletionResult]::new('sub', 'sub', [CompletionResultType]::ParameterValue, 'Subscribe to topics and print the messages')
            [CompletionResult]::new('rr', 'rr', [CompletionResultType]::ParameterValue, 'Ask somebody behind the broker and print the answers, or answer')
            [CompletionResult]::new('bench', 'bench', [CompletionResultType]::ParameterValue, 'Measure a broker: put a load on it and see what becomes of it')
            [CompletionResult]::new('doctor', 'doctor', [CompletionResultType]::ParameterValue, 'Examine step by step whether a broker can be reached and used, and why not')
            [CompletionResult]::new('ping', 'ping', [CompletionResultType]::ParameterValue, 'Check in one line whether a broker answers, for health checks')
            [CompletionResult]::new('test', 'test', [CompletionResultType]::ParameterValue, 'Probe what a broker supports and how it behaves, or in what two differ')
            [CompletionResult]::new('certs', 'certs', [CompletionResultType]::ParameterValue, 'Make certificates for testing')
            [CompletionResult]::new('profile', 'profile', [CompletionResultType]::ParameterValue, 'Keep what it takes to reach a broker under a name')
            [CompletionResult]::new('broker', 'broker', [CompletionResultType]::ParameterValue, 'Run a broker')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'mqx;help;pub' {
            break
        }
        'mqx;help;sub' {
            break
        }
        'mqx;help;rr' {
            break
        }
        'mqx;help;bench' {
            [CompletionResult]::new('merge', 'merge', [CompletionResultType]::ParameterValue, 'Add up the reports of runs, as those of shards')
            break
        }
        'mqx;help;bench;merge' {
            break
        }
        'mqx;help;doctor' {
            break
        }
        'mqx;help;ping' {
            break
        }
        'mqx;help;test' {
            break
        }
        'mqx;help;certs' {
            [CompletionResult]::new('init', 'init', [CompletionResultType]::ParameterValue, 'Make a CA with a certificate for a broker and one for a client')
            [CompletionResult]::new('ca', 'ca', [CompletionResultType]::ParameterValue, 'Make a CA of your own')
            [CompletionResult]::new('intermediate', 'intermediate', [CompletionResultType]::ParameterValue, 'Make a CA below another, to keep the key of that one away')
            [CompletionResult]::new('server', 'server', [CompletionResultType]::ParameterValue, 'Make a certificate for a broker')
            [CompletionResult]::new('client', 'client', [CompletionResultType]::ParameterValue, 'Make certificates for clients')
            [CompletionResult]::new('csr', 'csr', [CompletionResultType]::ParameterValue, 'Make a request for a certificate, for another CA to sign')
            [CompletionResult]::new('sign', 'sign', [CompletionResultType]::ParameterValue, 'Sign requests for certificates')
            [CompletionResult]::new('inspect', 'inspect', [CompletionResultType]::ParameterValue, 'Print what a certificate, request, revocation list or server says')
            [CompletionResult]::new('verify', 'verify', [CompletionResultType]::ParameterValue, 'Check whether a certificate would be believed, and why not')
            [CompletionResult]::new('needs-renewal', 'needs-renewal', [CompletionResultType]::ParameterValue, 'Fail if a certificate ends soon, for cron')
            [CompletionResult]::new('renew', 'renew', [CompletionResultType]::ParameterValue, 'Make certificates valid for longer')
            [CompletionResult]::new('revoke', 'revoke', [CompletionResultType]::ParameterValue, 'Revoke certificates, and write the list for brokers')
            [CompletionResult]::new('crl', 'crl', [CompletionResultType]::ParameterValue, 'Write the list of revoked certificates again, before it ends')
            [CompletionResult]::new('bundle', 'bundle', [CompletionResultType]::ParameterValue, 'Put a certificate and its key together for other programs and devices')
            [CompletionResult]::new('bad', 'bad', [CompletionResultType]::ParameterValue, 'Make certificates that clients and brokers have to refuse')
            [CompletionResult]::new('install', 'install', [CompletionResultType]::ParameterValue, 'Make this system trust a CA')
            [CompletionResult]::new('uninstall', 'uninstall', [CompletionResultType]::ParameterValue, 'Make this system no longer trust a CA')
            break
        }
        'mqx;help;certs;init' {
            break
        }
        'mqx;help;certs;ca' {
            break
        }
        'mqx;help;certs;intermediate' {
            break
        }
        'mqx;help;certs;server' {
            break
        }
        'mqx;help;certs;client' {
            break
        }
        'mqx;help;certs;csr' {
            break
        }
        'mqx;help;certs;sign' {
            break
        }
        'mqx;help;certs;inspect' {
            break
        }
        'mqx;help;certs;verify' {
            break
        }
        'mqx;help;certs;needs-renewal' {
            break
        }
        'mqx;help;certs;renew' {
            break
        }
        'mqx;help;certs;revoke' {
            break
        }
        'mqx;help;certs;crl' {
            break
        }
        'mqx;help;certs;bundle' {
            break
        }
        'mqx;help;certs;bad' {
            break
        }
        'mqx;help;certs;install' {
            break
        }
        'mqx;help;certs;uninstall' {
            break
        }
        'mqx;help;profile' {
            [CompletionResult]::new('ls', 'ls', [CompletionResultType]::ParameterValue, 'Name the profiles and their brokers')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show what a profile says, but for its secrets')
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Add a profile with options of the clients')
            [CompletionResult]::new('rm', 'rm', [CompletionResultType]::ParameterValue, 'Remove a profile')
            [CompletionResult]::new('import', 'import', [CompletionResultType]::ParameterValue, 'Make profiles of what mosquitto''s clients, MQTTX or `HiveMQ`''s tool know')
            break
        }
        'mqx;help;profile;ls' {
            break
        }
        'mqx;help;profile;show' {
            break
        }
        'mqx;help;profile;add' {
            break
        }
        'mqx;help;profile;rm' {
            break
        }
        'mqx;help;profile;import' {
            break
        }
        'mqx;help;broker' {
            [CompletionResult]::new('passwd', 'passwd', [CompletionResultType]::ParameterValue, 'Set or delete a user''s password in a file for --password-file')
            [CompletionResult]::new('export', 'export', [CompletionResultType]::ParameterValue, 'Write what a store holds as JSON')
            [CompletionResult]::new('import', 'import', [CompletionResultType]::ParameterValue, 'Put what `mqx broker export` has written into a store')
            break
        }
        'mqx;help;broker;passwd' {
            break
        }
        'mqx;help;broker;export' {
            break
        }
        'mqx;help;broker;import' {
            break
        }
        'mqx;help;help' {
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
