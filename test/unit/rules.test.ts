import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createExclusions, createRules, looksPrivate } from '../../main/publish/rules.ts'
import { workOf } from '../helpers/order.ts'

describe('what stays out by itself', () => {
  const rules = createRules(null)

  test.each([
    ['.DS_Store', '.DS_Store'],
    ['photos/.DS_Store', '.DS_Store'],
    ['photos/Thumbs.db', '[Tt]humbs.db'],
    ['desktop.ini', '[Dd]esktop.ini'],
    ['.git', '.git'],
    ['.git/config', '.git'],
    ['app/node_modules/x/index.js', 'node_modules'],
    ['letter.txt~', '*~'],
    ['.letter.txt.swp', '.*.sw[a-p]'],
    ['~$report.docx', '~$*'],
    ['film.mkv.part', '*.part'],
    ['film.mkv.crdownload', '*.crdownload'],
    ['._photo.jpg', '._*'],
  ])('%s by %s', (path, rule) => expect(rules.test(path, false)?.rule).toBe(rule))

  test.each([
    'gitignore.txt',
    '.gitignore',
    'a.swp.txt',
    'partly',
    'node_modules.md',
    'thumbs.db.txt',
    'a/b/c',
    '..foo',
    'x~y',
    'sub/.cairnignore',
  ])('%s goes out', path => expect(rules.test(path, false)).toBeNull())

  test('a rule for folders spares a file of that name', () => {
    expect(rules.test('System Volume Information', true)).not.toBeNull()
    expect(rules.test('System Volume Information', false)).toBeNull()
  })

  test('the rules themselves and what Cairn notes in an archive never go out', () => {
    const stubborn = createRules('!.cairnignore\n!/.cairn/\n')
    for (const [path, folder] of [
      ['.cairnignore', false],
      ['.cairn', true],
      ['.cairn/title.json', false],
    ] as const) {
      expect(rules.test(path, folder)).not.toBeNull()
      expect(stubborn.test(path, folder)).not.toBeNull()
    }
  })
})

describe('.cairnignore', () => {
  test('speaks gitignore', () => {
    const rules = createRules('\ufeff# drafts\r\n*.draft\r\n/only-here\nbuild/\n!keep.draft\nlogs/**/*.log\n\\#odd\n')
    expect(rules.test('a.draft', false)?.rule).toBe('*.draft')
    expect(rules.test('deep/a.draft', false)?.rule).toBe('*.draft')
    expect(rules.test('keep.draft', false)).toBeNull()
    expect(rules.test('only-here', false)?.rule).toBe('/only-here')
    expect(rules.test('x/only-here', false)).toBeNull()
    expect(rules.test('x/build', true)?.rule).toBe('build/')
    expect(rules.test('x/build', false)).toBeNull()
    expect(rules.test('x/build/y/z', false)?.rule).toBe('build/')
    expect(rules.test('logs/a/b/c.log', false)?.rule).toBe('logs/**/*.log')
    expect(rules.test('#odd', false)?.rule).toBe('\\#odd')
  })

  test('takes back in what stays out by itself', () => {
    const rules = createRules('!node_modules\n!*.part')
    expect(rules.test('node_modules/x', false)).toBeNull()
    expect(rules.test('song.part', false)).toBeNull()
  })

  test('the person has the last word, and is told who left something out', () => {
    const rules = createRules('*.raw\n!node_modules', 'node_modules\n!keep.raw\r\n# of mine\n/drafts\n!.git')
    expect(rules.test('a/node_modules', true)).toEqual({ rule: 'node_modules', origin: 'own' })
    expect(rules.test('a.raw', false)).toEqual({ rule: '*.raw', origin: 'folder' })
    expect(rules.test('keep.raw', false)).toBeNull()
    expect(rules.test('drafts', true)).toEqual({ rule: '/drafts', origin: 'own' })
    expect(rules.test('.git/config', false)).toBeNull()
    expect(rules.test('.DS_Store', false)).toEqual({ rule: '.DS_Store', origin: 'default' })
    expect(rules.test('.cairn', true)?.origin).toBe('fixed')
  })

  test('no rules and no path make it throw', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), fc.boolean(), (text, path, folder) => {
        const ruling = createRules(text, text).test(path, folder)
        expect(ruling === null || typeof ruling.rule === 'string').toBe(true)
      }),
    )
    for (const path of ['', '.', '..', '../x', './x', '/x', 'a/../b', 'C:/x']) createRules('*').test(path, false)
  })
})

describe('what the person took out', () => {
  test('by its name, with all below, whatever the name holds; and by a pattern', () => {
    const excludedBy = createExclusions(['/photo [1].jpg', '/drafts/', '*.log', '/raw/*.tif', 'build/'])
    expect(excludedBy('/photo [1].jpg')).toBe('/photo [1].jpg')
    expect(excludedBy('/drafts/a/b.md')).toBe('/drafts/')
    expect(excludedBy('/drafts.md')).toBeNull()
    expect(excludedBy('/deep/x.log')).toBe('*.log')
    expect(excludedBy('/raw/1.tif')).toBe('/raw/*.tif')
    expect(excludedBy('/raw/deep/1.tif')).toBeNull()
    expect(excludedBy('/a/build/x')).toBe('build/')
    expect(excludedBy('/photo 1.png')).toBeNull()
  })
})

describe('what looks private', () => {
  test.each([
    '.env',
    '.env.local',
    '.env.production',
    'api/.env',
    '.envrc',
    'docker.env',
    'id_rsa',
    'id_ed25519',
    'id_ecdsa_sk',
    'id_rsa_work',
    'id_rsa.bak',
    'keys/ID_RSA',
    'ssh_host_ed25519_key',
    'server.pem',
    'privkey.pem',
    'server.key',
    'login.ppk',
    'me.p12',
    'me.pfx',
    'AuthKey_1.p8',
    '.ssh/config',
    'home/.ssh/known_hosts',
    '.gnupg/pubring.kbx',
    '.aws/credentials',
    '.config/gcloud/x.db',
    '.kube/config',
    '.netrc',
    '_netrc',
    '.npmrc',
    '.pypirc',
    '.git-credentials',
    '.pgpass',
    '.htpasswd',
    'rclone.conf',
    'wallet.dat',
    'my.wallet',
    'keystore',
    'debug.keystore',
    'passwords.kdbx',
    'Passwords.txt',
    'secrets.yml',
    'credentials.json',
    'UTC--2020-01-01T00-00-00.0Z--00112233445566778899aabbccddeeff00112233',
    'Default/Login Data',
    'key4.db',
    'logins.json',
    'cookies.sqlite',
    '.mozilla/firefox/x/prefs.js',
    'Google/google-chrome/Default/Cookies',
    '.bash_history',
    '.zsh_history',
    '.python_history',
    '.node_repl_history',
    'fish_history',
    'kubeconfig',
    'prod.kubeconfig',
    'office.ovpn',
    'wg0.conf',
    'terraform.tfstate',
    'prod.tfvars',
    'client_secret_123.json',
    'service-account.json',
    'bitwarden_export_2024.csv',
    'recovery codes.txt',
    'private-key.asc',
    '.cargo/credentials.toml',
  ])('%s does', path => expect(looksPrivate(path)).toMatch(/^[a-z].{3,}/i))

  test.each([
    'id_rsa.pub',
    'id_ed25519.pub',
    'how-to-make-an-id_rsa.md',
    'id_card.jpg',
    'environment.ts',
    'env.d.ts',
    '.environment',
    '.env.example',
    '.env.sample',
    'sample.env',
    'public.pem',
    'server-cert.pem',
    'fullchain.pem',
    'ca.pem',
    'host.pub.key',
    'public.key',
    'keyboard.txt',
    'monkey.jpg',
    'keystore.ts',
    'wallet.png',
    'history.md',
    'cookies.md',
    'Cookies',
    'password-hashing.md',
    'secrets-of-the-forest.pdf',
    'login.html',
    'ssh/config',
    'aws/lambda.ts',
    'README.md',
    '',
    'credentials/readme.md',
    'wgs84.conf',
    'a.tf',
    'seedlings.txt',
    'netrc.md',
    'docker/compose.yml',
  ])('%j does not', path => expect(looksPrivate(path)).toBeNull())

  test('any path gets an answer, quickly', async () => {
    fc.assert(fc.property(fc.string(), path => ['string', 'object'].includes(typeof looksPrivate(path))))
    expect(await workOf(() => looksPrivate(`${'-_.'.repeat(2000)}.json`))).toBeLessThan(200)
  })
})
