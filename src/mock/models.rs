//! `GET /models` and `GET /models/{name}`, in the form of OpenAI's API.

use serde_json::{Value, json};

use super::reply::{Reply, error};
use super::route::Route;
use super::wire::DAY;
use crate::models::MODELS;

/// The list of the models that airx knows, or one of them.
pub(super) fn reply(route: Route<'_>) -> Reply {
    match route {
        Route::Model(name) => match MODELS.iter().find(|model| model.name == name) {
            Some(model) => Reply::json(200, &object(model.name)),
            None => Reply::json(404, &error("1211", "模型不存在，请检查模型代码。")),
        },
        _ => {
            let data: Vec<Value> = MODELS.iter().map(|model| object(model.name)).collect();
            Reply::json(200, &json!({ "object": "list", "data": data }))
        }
    }
}

fn object(name: &str) -> Value {
    json!({ "id": name, "object": "model", "created": DAY, "owned_by": "airx-mock" })
}
