//! The JSON Schema of declaration files, made from the [shapes](super::shapes).

use serde_json::{Map, Value, json};

use super::file::SCHEMA_KEY;
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
        // A file holds either `services` and `instances` or the fields of the one service that is named like the file.
        Document::Declarations => {
            let fields = FILE.fields.iter().chain(SERVICE.fields);
            let mut root = object(&FILE, fields, &mut definitions);
            root.insert(
                "description".into(),
                json!(format!("{} {WITHOUT_OLD_FORM}", FILE.doc)),
            );
            root.insert("if".into(), has_any(FILE.fields));
            root.insert("then".into(), json!({ "not": has_any(SERVICE.fields) }));
            root
        }
    };
    if let Some(Value::Object(properties)) = root.get_mut("properties") {
        let property = json!({ "type": "string", "description": "Where this schema is, for editors of JSON." });
        properties.insert(SCHEMA_KEY.into(), property);
    }
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

/// Its other keys belong to the modules of the services, so that a schema could refuse nothing there.
const WITHOUT_OLD_FORM: &str = "This schema does not have the older form, `qgroget.serviceModules.<name>.databases`, which dbgen reads too.";

/// Whether any of the fields is there, `null` or not.
fn has_any(fields: &[Field]) -> Value {
    let required = fields
        .iter()
        .map(|field| json!({ "required": [field.name] }));
    json!({ "anyOf": required.collect::<Vec<Value>>() })
}

fn object<'a>(
    shape: &Shape,
    fields: impl Iterator<Item = &'a Field>,
    definitions: &mut Map<String, Value>,
) -> Map<String, Value> {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for field in fields {
        let described = kind(&field.kind, definitions);
        let mut property = match field.required {
            true => described,
            false => or_null(described),
        };
        // Draft 7 ignores what stands beside a $ref.
        if property.contains_key("$ref") {
            property = Map::from_iter([("allOf".to_owned(), json!([property]))]);
        }
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

/// What `nix eval --json` gives for an option that is not set: the reader leaves it out. TOML has no word for it.
fn or_null(mut described: Map<String, Value>) -> Map<String, Value> {
    if let Some(Value::String(name)) = described.get("type") {
        let names = json!([name, "null"]);
        described.insert("type".into(), names);
        if let Some(Value::Array(values)) = described.get_mut("enum") {
            values.push(Value::Null);
        }
        return described;
    }
    let nothing = json!({ "type": "null" });
    match described.get_mut("anyOf") {
        Some(Value::Array(kinds)) => {
            kinds.push(nothing);
            described
        }
        _ => Map::from_iter([("anyOf".to_owned(), json!([described, nothing]))]),
    }
}

fn kind(kind_: &Kind, definitions: &mut Map<String, Value>) -> Map<String, Value> {
    let described = match kind_ {
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
            json!({ "type": "object", "additionalProperties": or_null(kind(item, definitions)) })
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
            let kinds = kinds.iter().map(|inner| kind(inner, definitions));
            json!({ "anyOf": kinds.collect::<Vec<_>>() })
        }
    };
    match described {
        Value::Object(described) => described,
        _ => Map::new(),
    }
}
