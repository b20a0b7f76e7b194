// Every text of the command line in English. `{name}` is filled in. texts-zh.ts has the same keys;
// the compiler and a test hold the two together.

export const english = {
  help: `PolyMQ {version}: durable logs and queues in one process, for unmodified clients
of Kafka and of RabbitMQ (AMQP 0-9-1).

Usage: polymq COMMAND [OPTIONS]

Commands:
  start      start a broker (polymq start --help lists its options)
  version    print the version
  help       print this text

Options of every command:
  --help          print the command's options
  --version       print the version
  --lang en|zh    language of the texts; else POLYMQ_LANG, LC_ALL, LC_MESSAGES or LANG decides
`,
  startHelp: `Usage: polymq start [OPTIONS]

  --data DIR                  folder of the data (default: ./data)
  --memory                    keep everything in memory; nothing outlives the process
  --listen NAME=HOST:PORT     open this listener; may be repeated. Names: kafka, amqp,
                              amqps, http, metrics.
                              Port 0 takes a free one. Given at least once, only the named
                              ones open. Default: kafka=127.0.0.1:9092, amqp=127.0.0.1:5672,
                              http=127.0.0.1:15672, metrics=127.0.0.1:15692 (and
                              amqps=127.0.0.1:5671 once there is a certificate)
  --advertise NAME=HOST:PORT  what clients are told to connect to (names: kafka)
  --set KEY=VALUE             a setting under Kafka's name, such as num.partitions=4;
                              may be repeated
  --config FILE               read options from a file of lines KEY=VALUE; see below
  --json                      one JSON line on standard output when ready, and the log on
                              standard error as JSON lines
  --lang en|zh                language of the texts
  --help                      print this text

Options may also come from the environment and from the file. The command line wins over the
environment, the environment over the file.

  option       environment             line of the file
  --data       POLYMQ_DATA             data=DIR
  --memory     POLYMQ_MEMORY=true      memory=true
  --listen     POLYMQ_LISTEN           listen=kafka=0.0.0.0:9092,metrics=127.0.0.1:15692
  --advertise  POLYMQ_ADVERTISE        advertise=kafka=broker.example:9092
  --set        POLYMQ_SET_NUM_PARTITIONS=4 (dots become _, letters capitals)
                                       num.partitions=4
  --config     POLYMQ_CONFIG           -
  --json       POLYMQ_JSON=true        json=true
  --lang       POLYMQ_LANG             -

Exit codes: 0 stopped by SIGTERM, SIGINT or SIGHUP, 1 a bug or a failed disk, 2 something to put
right in how it was started, 130 a second signal, half a second later or more.
`,
  unknownCommand: "there is no command '{command}'; polymq help lists them",
  extraArgument: "'{argument}' is not expected here; options start with --",
  unknownOption: "there is no option '{option}'; polymq start --help lists them",
  missingValue: '{option} needs a value: {option} {form}',
  unwantedValue: '{option} takes no value',
  repeatedOption: '{option} is given twice; give it once',
  badBoolean: "{source} is '{value}'; say true or false",
  badAddress: "'{value}' ({source}) is not of the form NAME=HOST:PORT, as kafka=127.0.0.1:9092",
  badListener: "there is no listener '{name}' ({source}); the names are: {names}",
  repeatedListener: "'{name}' stands twice in {source}; give each name once",
  badPort: "port '{port}' ({source}) is not a number from 0 to 65535",
  unreachableAdvertised:
    'nobody can connect to {address} ({source}); say where clients reach the broker',
  advertisedNotListened:
    'no listener kafka opens, so that there is nothing to advertise ({source}); ' +
    'add --listen kafka=HOST:PORT, or leave it out',
  emptyValue: '{source} is empty; give a value or leave it out',
  badSetting: "'{value}' ({source}) is not of the form KEY=VALUE",
  repeatedSetting: '{key} is set twice ({source}); set it once',
  settingRefused: '{problem} ({source})',
  settingImpossible: '{problem}',
  settingHasOption: '{key} is set by {option} ({source})',
  dataAndMemory: 'a data folder and memory exclude each other ({source}); choose one of the two',
  badLanguage: "the languages are en and zh, not '{value}'",
  unknownVariable: 'the environment variable {name} is not known; polymq start --help lists them',
  configUnreadable: 'cannot read the file {path} ({code}); check the path of --config',
  configLine: '{path}:{line} is not of the form KEY=VALUE',
  configRepeated: '{path}:{line}: {key} stands there twice; give it once',
  configTooLarge: '{path} has more than {bytes} bytes; a file of options is smaller',
  portInUse:
    '{address} is in use by another process; stop that one, or choose another port with ' +
    '--listen NAME=HOST:PORT (port 0 takes a free one)',
  portForbidden:
    'listening on {address} is not permitted; choose a port above 1023 with ' +
    '--listen NAME=HOST:PORT',
  addressUnknown:
    'this machine has no address {address}; choose one that it has with --listen NAME=HOST:PORT',
  dataInUse: 'process {pid} uses the data folder {dir}; stop it, or choose another with --data DIR',
  dataForbidden:
    'the data folder {dir} cannot be read and written: {problem}; change the permissions of what ' +
    'is named, or choose another folder with --data DIR',
  dataImpossible:
    'the data folder {dir} cannot be made ({code}: {problem}); choose another with --data DIR',
  dataUnreadable:
    'the data folder {dir} cannot be read: {problem}; check that file and the disk, restore the ' +
    'whole folder from one copy, or choose another with --data DIR',
  filesExhausted:
    'too many files are open ({code}): {problem}; allow more (ulimit -n), then start again',
  dataNotFolder: '{dir} is not a folder; choose another with --data DIR',
  diskFull:
    'no space is left for the data folder {dir}; free some, or choose another with --data DIR',
  dataUnknown:
    'the data in {dir} was not written by this release: {problem}; start the release that wrote ' +
    'it, or choose another with --data DIR',
  dataOfOther:
    'the data in {dir} belongs to another node: {problem}; set node.id to the number of the node ' +
    'that wrote it, or choose another with --data DIR',
  dataDamaged:
    'the data in {dir} is damaged: {problem}; restore the whole folder from one copy, or start ' +
    'with another --data DIR',
  diskFailed:
    'a write to the data folder {dir} failed: {problem}; nothing more is acknowledged. Check the ' +
    'disk, then start again',
  advertiseHint:
    'clients are told to connect to {address}, which only works on this machine; ' +
    'say --advertise kafka=HOST:PORT',
  openHint:
    'whoever reaches {address} may read and write everything; name the file of your users with ' +
    '--set polymq.users.file=FILE, or listen on 127.0.0.1',
  stopping: 'stopping: requests under way are answered first; a second signal ends it at once',
  stopped: 'stopped',
  ready: 'PolyMQ {version} is ready after {ms} ms',
  inMemory: 'in memory; it is lost when the process ends',
  labelData: 'data',
  tryIt: 'Publish a message and read it back (needs kcat):',
} as const

export type TextKey = keyof typeof english
export type Texts = Readonly<Record<TextKey, string>>
