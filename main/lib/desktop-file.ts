/** What desktop entries of freedesktop.org hold, as their format wants it. Pure. */

/** A value of text; what cannot stand in one line must not be in it. */
export const desktopText = (text: string): string => text.replaceAll('\\', '\\\\')

/**
 * An argument in `Exec`: within double quotes four characters are escaped, a percent sign is doubled, and a backslash once more,
 * since the file's own strings are unescaped first.
 */
export function desktopArgument(argument: string): string {
  if (/^[\w./:=@+,-]+$/.test(argument)) return argument
  const quoted = argument.replaceAll(/["`$\\]/g, '\\$&').replaceAll('%', '%%')
  return desktopText(`"${quoted}"`)
}
