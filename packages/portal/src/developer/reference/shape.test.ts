import { expect, it } from 'vitest'
import { readShape } from './shape.ts'

const document = {
  components: {
    schemas: {
      Node: {
        type: 'object',
        required: ['id'],
        properties: {
          id: { type: 'integer', minimum: 1 },
          children: { type: 'array', items: { $ref: '#/components/schemas/Node' } },
        },
      },
      Named: { allOf: [{ $ref: '#/components/schemas/Node' }, { properties: { name: { type: ['string', 'null'] } } }] },
      Loop: { $ref: '#/components/schemas/Loop' },
      Lists: { type: 'array', items: { $ref: '#/components/schemas/MoreLists' } },
      MoreLists: { type: 'array', items: { $ref: '#/components/schemas/Lists' } },
      Whole: { allOf: [{ $ref: '#/components/schemas/Whole' }, { type: 'object' }] },
    },
  },
}
const of = (name: string) => ({ $ref: `#/components/schemas/${name}` })

it('members are those of the schema and of all that it is made of, with their types in words', () => {
  const { members, type } = readShape(document, of('Named'))
  expect(type).toBe('Named')
  expect(members.map(({ name, schema, isRequired }) => [name, readShape(document, schema).type, isRequired])).toEqual([
    ['id', 'integer', true],
    ['children', 'array of Node', false],
    ['name', 'string or null', false],
  ])
  expect(readShape(document, members[0]?.schema).facts).toEqual(['at least 1'])
})

it('a circle ends, and the references on the way tell it', () => {
  const node = readShape(document, of('Node'))
  const children = readShape(document, node.members[1]?.schema, node.through)
  expect(children).toMatchObject({ type: 'array of Node', isCircle: true, members: [] })
  for (const name of ['Lists', 'Whole']) expect(readShape(document, of(name)).broken, name).toEqual([])
  expect(readShape(document, of('Loop')).broken).toEqual(['#/components/schemas/Loop'])
})

it.each([
  [null],
  [7],
  ['text'],
  [[]],
  [{ type: 5, properties: [], enum: {}, allOf: 3 }],
  [{ $ref: '#/nothing' }],
  [{ $ref: 'https://elsewhere.example/x' }],
])('what is no schema is shown as far as it can be: %j', (schema) => {
  expect(readShape(document, schema)).toMatchObject({ members: [], alternatives: [] })
})

it('a member with the name of something inherited is a member, and nothing inherited is one', () => {
  const odd = JSON.parse('{"properties": {"constructor": {"type": "string"}, "__proto__": {"type": "integer"}}}')
  expect(readShape({}, odd).members.map(({ name }) => name)).toEqual(['constructor', '__proto__'])
  expect(readShape({}, { $ref: '#/constructor' }).broken).toEqual(['#/constructor'])
})
