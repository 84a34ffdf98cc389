/**
 * What of a folder stays out when it is published, and what deserves a second look before it goes out. Pure: names
 * alone decide, so a file with an innocent name passes and the sheet says "looks private", not "is".
 */
import ignore from 'ignore'
import type { RuleOrigin } from '../../preload/contract/models.ts'

/** Never useful to a friend. A `.cairnignore` can take any of them back in with `!`. */
const DEFAULT_RULES = [
  // systems
  '.DS_Store',
  '._*',
  '.Spotlight-V100/',
  '.fseventsd/',
  '.Trashes/',
  '.Trash-*/',
  '[Tt]humbs.db',
  'ehthumbs.db',
  '[Dd]esktop.ini',
  '$RECYCLE.BIN/',
  'System Volume Information/',
  '.nfs*',
  '.fuse_hidden*',
  // version control and packages: large, and full of what was once deleted
  '.git',
  '.hg/',
  '.svn/',
  'node_modules',
  // editors and office programs, while a file is open
  '*~',
  '.*.sw[a-p]',
  '.#*',
  '~$*',
  '.~lock.*#',
  '.goutputstream-*',
  // half-fetched files
  '*.part',
  '*.partial',
  '*.crdownload',
  '*.!ut',
  '.cairn-part/',
]

/** The file of ignore rules in the folder's root, and Cairn's own entries in every archive: never published from a folder. */
const OWN = new Map([
  ['.cairnignore', 'the ignore rules themselves'],
  ['.cairn', 'where Cairn notes title and author'],
])

/** What leaves a path out: the rule as it was written, and who wrote it. */
export type Ruling = { readonly rule: string; readonly origin: RuleOrigin }

export type Rules = {
  /**
   * What leaves it out, or null. `relativePath` has `/` between segments and none around; a folder that is left out
   * takes everything in it along.
   */
  test(relativePath: string, isFolder: boolean): Ruling | null
}

/**
 * Three texts in the syntax of gitignore, each of which has the last word over those before it: Cairn's defaults, the
 * folder's `.cairnignore` (null: there is none), and what the person said beside it.
 */
export function createRules(cairnignoreText: string | null, ownText = ''): Rules {
  return rulesOf([
    { origin: 'default', patterns: DEFAULT_RULES },
    { origin: 'folder', patterns: linesOf(cairnignoreText ?? '') },
    { origin: 'own', patterns: linesOf(ownText) },
  ])
}

/** For a file that was chosen by itself: only what the person said holds for it. */
export const createOwnRules = (ownText: string): Rules => rulesOf([{ origin: 'own', patterns: linesOf(ownText) }])

function rulesOf(layers: readonly { readonly origin: RuleOrigin; readonly patterns: readonly string[] }[]): Rules {
  // Relative names such as `../x` make `ignore` throw otherwise. They match nothing, and the scan never yields them.
  const rules = ignore({ ignorecase: false, allowRelativePaths: true })
  for (const { origin, patterns } of layers) rules.add(patterns.map(pattern => ({ pattern, mark: origin })))
  return {
    test(relativePath, isFolder) {
      const own = OWN.get(relativePath.split('/', 1)[0] ?? '')
      if (own !== undefined) return { rule: own, origin: 'fixed' }
      if (relativePath === '' || relativePath.split('/').some(segment => segment === '..' || segment === '.'))
        return null
      const { ignored, rule } = rules.test(isFolder ? `${relativePath}/` : relativePath)
      return ignored ? { rule: rule?.pattern ?? '', origin: (rule?.mark ?? 'own') as RuleOrigin } : null
    },
  }
}

const linesOf = (text: string) =>
  text
    .replace(/^\ufeff/, '')
    .split(/\r?\n/)
    .filter(line => line !== '')

/**
 * What the person took out: archive paths (from `/`, with all that lies below) and patterns as in gitignore. Says which
 * of them takes a path of the archive out, or null.
 */
export function createExclusions(exclude: readonly string[]): (path: string) => string | null {
  if (exclude.length === 0) return () => null
  const isPath = (rule: string) => rule.startsWith('/')
  // A name may hold what means something in a pattern: what was taken out by its name stays out whatever that is.
  const paths = new Map(exclude.filter(isPath).map(path => [path.replace(/\/+$/, ''), path]))
  const isPattern = (rule: string) => !isPath(rule) || /[*?[]/.test(rule)
  const patterns = ignore({ ignorecase: false, allowRelativePaths: true }).add(exclude.filter(isPattern))
  return path => {
    for (let end = path.length; paths.size > 0 && end >= 0; end = end === 0 ? -1 : path.lastIndexOf('/', end - 1)) {
      const above = paths.get(path.slice(0, end))
      if (above !== undefined) return above
    }
    const { ignored, rule } = patterns.test(path.slice(1) || '.')
    return ignored ? (rule?.pattern ?? path) : null
  }
}

type Suspicion = {
  readonly why: string
  /** Of the file's name, in lower case. */
  readonly name?: RegExp
  /** Of the path of folders that it lies in, in lower case and with `/` at both ends. */
  readonly folder?: RegExp
  readonly unless?: RegExp
}

const SUSPICIONS: readonly Suspicion[] = [
  { why: 'lies where SSH keeps its keys', folder: /\/\.ssh\// },
  { why: 'lies where GnuPG keeps its keys', folder: /\/\.gnupg\// },
  {
    why: 'lies where a cloud service keeps its access keys',
    folder: /\/\.(aws|azure|oci|kube|docker)\/|\/(\.config\/)?gcloud\//,
  },
  { why: 'lies in a store of passwords', folder: /\/\.password-store\// },
  {
    why: 'lies in the profile of a browser or a mail program',
    folder: /\/\.(mozilla|thunderbird)\/|\/(google-chrome|chromium|brave-browser|microsoft-edge)\//,
  },
  { why: 'lies where a wallet keeps its keys', folder: /\/\.(bitcoin|ethereum|electrum|monero)\// },
  { why: 'private SSH key', name: /^id_(rsa|dsa|ecdsa|ed25519|xmss)(_sk)?([-_][\w-]+)?(\.(bak|old|backup|orig))?$/ },
  { why: 'private SSH key of a server', name: /^ssh_host_\w+_key$/ },
  { why: 'private key', name: /\.(ppk|p8|p12|pfx|jks)$/ },
  {
    why: 'probably a private key',
    name: /\.(pem|key)$/,
    unless:
      /(^|[-_.])(pub|public|publickey|pubkey|cert|certs|certificate|chain|fullchain|ca|cacert|ca-bundle|cabundle|root|csr|crt|dhparams?)\.(pem|key)$/,
  },
  { why: 'private key', name: /^(secring\.gpg|(private|secret)[-_.\w]*\.(asc|gpg|pgp))$/ },
  {
    why: 'store of keys or passwords',
    name: /\.(kdbx?|keystore|keychain(-db)?|agilekeychain|1pif|1pux|psafe3)$|^keystore$/,
  },
  {
    why: 'passwords exported from a password manager',
    name: /^(bitwarden|lastpass|1password|keepass|dashlane|chrome)[ _-].*(export|password|vault).*\.(csv|json|xml|zip)$/,
  },
  {
    why: 'probably a list of passwords',
    name: /^(my[ _-]?)?(passwords?|passwd|passwörter|logins?|secrets?|credentials)\.(txt|csv|xlsx?|ods|docx?|odt|md|json|ya?ml|toml|ini)$/,
  },
  {
    why: 'settings of a program, often with passwords and tokens',
    name: /^\.env(rc)?(\..+)?$|^.+\.env$/,
    unless: /(^|[.-])(example|sample|template|dist|defaults?)(\.|$)/,
  },
  {
    why: 'access keys of a program',
    name: /^(client_secret.*|service[-_]?account.*|.*[-_]credentials)\.json$|^(credentials|accesskeys\.csv|rootkey\.csv)$/,
  },
  {
    why: 'settings with an access token or a password',
    name: /^(\.npmrc|\.pypirc|\.netrc|_netrc|\.git-credentials|\.pgpass|\.my\.cnf|\.htpasswd|\.dockercfg|\.s3cfg|\.boto|\.vault-token|\.yarnrc\.yml|rclone\.conf)$/,
  },
  { why: 'settings with access tokens', folder: /\/\.(cargo|gem)\/$/, name: /^credentials(\.toml)?$/ },
  { why: 'state of Terraform, which holds passwords', name: /\.(tfstate|tfstate\.backup|tfvars)$/ },
  { why: 'access to a cluster', name: /^kubeconfig(\..+)?$|\.kubeconfig$/ },
  { why: 'access to a private network', name: /\.ovpn$|^wg\d+\.conf$/ },
  { why: 'wallet', name: /^wallet\.dat$|\.wallet$|^default_wallet$|^utc--\d{4}-.*--[0-9a-f]{40}$/ },
  {
    why: 'words that open a wallet or an account',
    name: /^(seed|seed[ _-]?phrase|recovery[ _-]?(codes?|phrase|key)|backup[ _-]?codes)\.(txt|md|pdf|docx?|odt|png|jpe?g)$/,
  },
  {
    why: 'passwords or cookies saved by a browser',
    name: /^(login data( for account)?|key[34]\.db|logins\.json|signons\.sqlite|cookies\.(sqlite|binarycookies))$/,
  },
  { why: 'what was visited with a browser', name: /^(places|formhistory|webappsstore)\.sqlite$/ },
  {
    why: 'commands typed in a shell, sometimes with passwords',
    name: /^(\.[\w-]*_history|\.history|\.histfile|\.lesshst|\.viminfo|fish_history|consolehost_history\.txt)$/,
  },
]

/**
 * Why this file looks like something that a person would not want to publish, in plain words; null: it does not.
 * The name of the published folder belongs in front of the path, so that `.ssh` itself is seen.
 */
export function looksPrivate(relativePath: string): string | null {
  const path = `/${relativePath.toLowerCase()}`
  const end = path.lastIndexOf('/') + 1
  const folder = path.slice(0, end)
  const name = path.slice(end)
  for (const { why, name: names, folder: folders, unless } of SUSPICIONS) {
    if ((names?.test(name) ?? true) && (folders?.test(folder) ?? true) && !unless?.test(name)) return why
  }
  return null
}
