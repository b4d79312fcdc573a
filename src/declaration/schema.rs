//! The JSON Schema of declaration files, made from the [shapes](super::shapes).

use serde_json::{Map, Value, json};

use super::shape::{Field, Kind, Shape};
use super::shapes::{FILE, PROJECT_FILE, SERVICE};

/// Which kind of file a schema is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Document {
    /// A declaration file.
    Declarations,
    /// The project file.
    Project,
}

/// The schema, in JSON Schema's draft 7, which editors' TOML servers understand.
pub fn schema(document: Document) -> Value {
    let mut definitions = Map::new();
    let mut root = match document {
        Document::Project => object(&PROJECT_FILE, PROJECT_FILE.fields.iter(), &mut definitions),
        // A file holds either `services` or the fields of the one service that is named like the file.
        Document::Declarations => {
            let fields = FILE.fields.iter().chain(SERVICE.fields);
            let mut root = object(&FILE, fields, &mut definitions);
            let single: Vec<Value> = SERVICE
                .fields
                .iter()
                .map(|field| json!({ "required": [field.name] }))
                .collect();
            root.insert("if".into(), json!({ "required": ["services"] }));
            root.insert("then".into(), json!({ "not": { "anyOf": single } }));
            root
        }
    };
    let mut schema = Map::new();
    schema.insert(
        "$schema".into(),
        json!("http://json-schema.org/draft-07/schema#"),
    );
    schema.insert(
        "title".into(),
        json!(format!(
            "dbgen {}",
            if document == Document::Project {
                "project file"
            } else {
                "declarations"
            }
        )),
    );
    schema.append(&mut root);
    schema.insert("definitions".into(), Value::Object(definitions));
    Value::Object(schema)
}

fn object<'a>(
    shape: &Shape,
    fields: impl Iterator<Item = &'a Field>,
    definitions: &mut Map<String, Value>,
) -> Map<String, Value> {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for field in fields {
        let mut property = match kind(&field.kind, definitions) {
            Value::Object(property) if !property.contains_key("$ref") => property,
            // Draft 7 ignores what stands beside a $ref.
            reference => Map::from_iter([("allOf".to_owned(), json!([reference]))]),
        };
        let default = if field.default.is_empty() {
            String::new()
        } else {
            format!(" Default: {}.", field.default)
        };
        property.insert(
            "description".into(),
            json!(format!("{}{default}", field.doc)),
        );
        properties.insert(field.name.into(), Value::Object(property));
        if field.required {
            required.push(field.name);
        }
    }
    let mut object = Map::new();
    object.insert("type".into(), json!("object"));
    object.insert("description".into(), json!(shape.doc));
    object.insert("properties".into(), Value::Object(properties));
    if !required.is_empty() {
        object.insert("required".into(), json!(required));
    }
    object.insert("additionalProperties".into(), json!(false));
    object
}

fn kind(kind_: &Kind, definitions: &mut Map<String, Value>) -> Value {
    match kind_ {
        Kind::Bool => json!({ "type": "boolean" }),
        Kind::Integer => json!({ "type": "integer" }),
        Kind::String => json!({ "type": "string" }),
        Kind::Enum(values) => json!({ "type": "string", "enum": values }),
        Kind::Setting => json!({
            "anyOf": [
                { "type": ["boolean", "number", "string"] },
                { "type": "array", "items": { "type": "string" } },
            ]
        }),
        Kind::List(item) => json!({ "type": "array", "items": kind(item, definitions) }),
        Kind::Map(item) => {
            json!({ "type": "object", "additionalProperties": kind(item, definitions) })
        }
        Kind::Table(shape) => {
            let name = shape.name.replace(' ', "-");
            if !definitions.contains_key(&name) {
                // Claimed before it is filled, should a shape ever hold itself.
                definitions.insert(name.clone(), Value::Null);
                let definition = object(shape, shape.fields.iter(), definitions);
                definitions.insert(name.clone(), Value::Object(definition));
            }
            json!({ "$ref": format!("#/definitions/{name}") })
        }
        Kind::OneOf(kinds) => {
            let kinds: Vec<Value> = kinds.iter().map(|inner| kind(inner, definitions)).collect();
            json!({ "anyOf": kinds })
        }
    }
}
