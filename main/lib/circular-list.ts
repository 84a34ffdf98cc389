/** The tree of a list is none: it leads round in circles, or has something in it that belongs to no tree. Its archive is damaged. */
export class CircularList extends Error {}
/** It names what lies behind its end, as a version does that ends inside of a batch. */
export class OutOfLog extends CircularList {}
