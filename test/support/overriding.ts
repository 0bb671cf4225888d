/** An object with some of its methods replaced; the others work on the object itself. */
export const overriding = <T extends object>(target: T, replaced: Partial<T>): T =>
  new Proxy(target, {
    get(object, name) {
      if (Object.hasOwn(replaced, name)) return Reflect.get(replaced, name)
      const value: unknown = Reflect.get(object, name)
      return typeof value === 'function' ? value.bind(object) : value
    },
  })
