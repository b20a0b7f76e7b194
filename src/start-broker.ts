// The library's way in: puts one broker together from its parts. `main.ts` and tests call it.
export {}
