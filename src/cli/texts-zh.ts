// 命令行的全部中文文本。 Every text of the command line in simplified Chinese; see texts-en.ts.
import type { Texts } from './texts-en.ts'

export const chinese: Texts = {
  help: `PolyMQ {version}：单进程的持久日志与队列，Kafka 与 RabbitMQ（AMQP 0-9-1）客户端无需修改即可使用。

用法：polymq 命令 [选项]

命令：
  start      启动 broker（选项见 polymq start --help）
  version    显示版本
  help       显示本说明

所有命令通用的选项：
  --help          显示该命令的选项
  --version       显示版本
  --lang en|zh    文本语言；未指定时依次看 POLYMQ_LANG、LC_ALL、LC_MESSAGES、LANG
`,
  startHelp: `用法：polymq start [选项]

  --data DIR                  数据目录（默认：./data）
  --memory                    全部保存在内存中，进程结束即丢失
  --listen NAME=HOST:PORT     打开该监听器，可重复。名称：kafka、amqp、amqps、
                              http、metrics。
                              端口 0 表示任选空闲端口。只要给出一次，就只打开所列的监听器。
                              默认：kafka=127.0.0.1:9092、amqp=127.0.0.1:5672、
                              http=127.0.0.1:15672、metrics=127.0.0.1:15692
                              （有证书时还有 amqps=127.0.0.1:5671）
  --advertise NAME=HOST:PORT  告知客户端连接的地址（名称：kafka）
  --set KEY=VALUE             按 Kafka 的名称设置，例如 num.partitions=4；可重复
  --config FILE               从文件读取选项，每行 KEY=VALUE；见下
  --json                      就绪时在标准输出打印一行 JSON，日志以 JSON 行写到标准错误
  --lang en|zh                文本语言
  --help                      显示本说明

选项也可以来自环境变量和文件。命令行优先于环境变量，环境变量优先于文件。

  选项         环境变量                文件中的行
  --data       POLYMQ_DATA             data=DIR
  --memory     POLYMQ_MEMORY=true      memory=true
  --listen     POLYMQ_LISTEN           listen=kafka=0.0.0.0:9092,metrics=127.0.0.1:15692
  --advertise  POLYMQ_ADVERTISE        advertise=kafka=broker.example:9092
  --set        POLYMQ_SET_NUM_PARTITIONS=4（点写作 _，字母大写）
                                       num.partitions=4
  --config     POLYMQ_CONFIG           -
  --json       POLYMQ_JSON=true        json=true
  --lang       POLYMQ_LANG             -

退出码：0 由 SIGTERM、SIGINT 或 SIGHUP 停止；1 程序缺陷或磁盘故障；2 启动方式有误，可自行改正；
130 半秒或更久之后又收到第二个信号。
`,
  unknownCommand: "没有命令 '{command}'；用 polymq help 查看全部命令",
  extraArgument: "此处不应有 '{argument}'；选项以 -- 开头",
  unknownOption: "没有选项 '{option}'；用 polymq start --help 查看全部选项",
  missingValue: '{option} 需要一个值：{option} {form}',
  unwantedValue: '{option} 不接受值',
  repeatedOption: '{option} 出现了两次；请只给一次',
  badBoolean: "{source} 的值是 '{value}'；请写 true 或 false",
  badAddress: "'{value}'（{source}）的格式应为 NAME=HOST:PORT，例如 kafka=127.0.0.1:9092",
  badListener: "没有监听器 '{name}'（{source}）；可用名称：{names}",
  repeatedListener: "'{name}' 在 {source} 中出现了两次；每个名称请只给一次",
  badPort: "端口 '{port}'（{source}）应为 0 到 65535 的数字",
  unreachableAdvertised: '无法连接 {address}（{source}）；请写客户端实际连接的地址',
  advertisedNotListened:
    '没有打开 kafka 监听，因此没有可告知客户端的地址（{source}）；' +
    '请加上 --listen kafka=HOST:PORT，或者去掉它',
  emptyValue: '{source} 为空；请给出值，或者去掉它',
  badSetting: "'{value}'（{source}）的格式应为 KEY=VALUE",
  repeatedSetting: '{key}（{source}）设置了两次；请只设置一次',
  settingRefused: '{source} 的配置无效，请修改或去掉它：{problem}',
  settingImpossible: '配置无效：{problem}',
  settingHasOption: '{key} 请用 {option} 设置（{source}）',
  dataAndMemory: '数据目录与内存模式不能同时使用（{source}）；请二选一',
  badLanguage: "语言只有 en 和 zh，没有 '{value}'",
  unknownVariable: '未知的环境变量 {name}；用 polymq start --help 查看全部变量',
  configUnreadable: '无法读取文件 {path}（{code}）；请检查 --config 的路径',
  configLine: '{path}:{line} 的格式应为 KEY=VALUE',
  configRepeated: '{path}:{line}：{key} 出现了两次；请只给一次',
  configTooLarge: '{path} 超过 {bytes} 字节；选项文件不应这么大',
  portInUse:
    '{address} 已被其他进程占用；请停止该进程，或用 --listen NAME=HOST:PORT 换一个端口' +
    '（端口 0 表示任选空闲端口）',
  portForbidden: '没有权限监听 {address}；请用 --listen NAME=HOST:PORT 选择 1023 以上的端口',
  addressUnknown: '本机没有地址 {address}；请用 --listen NAME=HOST:PORT 选择本机的地址',
  dataInUse: '数据目录 {dir} 正被进程 {pid} 使用；请先停止它，或用 --data DIR 另选目录',
  dataForbidden:
    '数据目录 {dir} 无法读写：{problem}；请修改其中所指文件或目录的权限，或用 --data DIR 另选目录',
  dataImpossible: '无法创建数据目录 {dir}（{code}：{problem}）；请用 --data DIR 另选目录',
  dataUnreadable:
    '数据目录 {dir} 无法读取：{problem}；请检查该文件和磁盘，用同一份备份恢复整个目录，或用 --data DIR 另选目录',
  filesExhausted: '打开的文件过多（{code}）：{problem}；请调高上限（ulimit -n）后重新启动',
  dataNotFolder: '{dir} 不是目录；请用 --data DIR 另选目录',
  diskFull: '数据目录 {dir} 所在磁盘已满；请清理空间，或用 --data DIR 另选目录',
  dataUnknown:
    '{dir} 中的数据不是由本版本写入的：{problem}；请用写入它的版本启动，或用 --data DIR 另选目录',
  dataOfOther:
    '{dir} 中的数据属于另一个节点：{problem}；请将 node.id 设为写入它的节点的编号，或用 --data DIR 另选目录',
  dataDamaged:
    '{dir} 中的数据已损坏：{problem}；请用同一份备份恢复整个目录，或用另一个 --data DIR 启动',
  diskFailed: '写入数据目录 {dir} 失败：{problem}；此后不再确认任何消息。请检查磁盘后重新启动',
  advertiseHint: '客户端会被告知连接 {address}，这只在本机有效；请指定 --advertise kafka=HOST:PORT',
  openHint:
    '任何能连接 {address} 的人都可以读写全部数据；请用 --set polymq.users.file=FILE 指定用户文件，' +
    '或者只监听 127.0.0.1',
  stopping: '正在停止：先答复进行中的请求；再次收到信号则立即退出',
  stopped: '已停止',
  ready: 'PolyMQ {version} 已就绪，用时 {ms} 毫秒',
  inMemory: '保存在内存中，进程结束即丢失',
  labelData: '数据',
  tryIt: '发布一条消息并读回（需要 kcat）：',
}
