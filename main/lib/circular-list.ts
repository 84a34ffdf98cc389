/** The tree of a list is none: it leads round in circles, or has something in it that belongs to no tree. Its archive is damaged. */
export class CircularList extends Error {}
