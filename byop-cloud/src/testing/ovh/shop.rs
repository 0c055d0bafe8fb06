//! The simulated VPS product: what was ordered, and how one orders.

use std::collections::BTreeMap;

use byop_core::clock::Timestamp;
use serde_json::{Value, json};

use super::reply::{Answer, Reply, bad_request, conflict, not_found, thing};
use super::state::State;

/// The plan that can be ordered, and what it costs with tax, in hundred-millionths.
pub(super) const PLAN: &str = "vps-2025-model1";
const PRICE: u64 = 508_000_000;

#[derive(Debug)]
struct Machine {
    state: &'static str,
    then: Option<(Timestamp, &'static str)>,
    image: String,
    key: Option<String>,
    terminated: bool,
}

#[derive(Debug, Default)]
struct Cart {
    description: String,
    assigned: bool,
    read_only: bool,
    plan: Option<String>,
    settings: BTreeMap<String, String>,
}

/// What is ordered and what was.
#[derive(Debug)]
pub(super) struct Shop {
    machines: BTreeMap<String, Machine>,
    carts: BTreeMap<String, Cart>,
    /// By number: the plan, and the service name.
    orders: BTreeMap<u64, (String, String)>,
}

impl Default for Shop {
    fn default() -> Self {
        let machine =
            Machine { state: "running", then: None, image: "debian-12".into(), key: None, terminated: false };
        Self {
            machines: BTreeMap::from([("vps-1a2b3c4d.vps.example.net".to_owned(), machine)]),
            carts: BTreeMap::new(),
            orders: BTreeMap::from([(100_001, ("domain-com".to_owned(), "example.com".to_owned()))]),
        }
    }
}

impl Shop {
    /// How many servers were ordered.
    pub(super) fn orders(&self) -> usize {
        self.orders.values().filter(|(plan, _)| plan == PLAN).count()
    }

    /// The image and the key of a server, and whether its end was confirmed.
    pub(super) fn installed(&self, name: &str) -> Option<(String, Option<String>, bool)> {
        self.machines
            .get(name)
            .map(|machine| (machine.image.clone(), machine.key.clone(), machine.terminated))
    }
}

fn amount(ucents: u64) -> Value {
    json!({ "currencyCode": "EUR", "priceInUcents": ucents, "value": ucents as f64 / 1e8, "text": "" })
}

impl State {
    fn vps(&mut self, name: &str, now: Timestamp) -> Result<&mut Machine, super::reply::Refusal> {
        let machine = self.shop.machines.get_mut(name).ok_or_else(|| not_found("service"))?;
        if let Some((_, state)) = machine.then.take_if(|(at, _)| *at <= now) {
            machine.state = state;
        }
        Ok(machine)
    }

    pub(super) fn list_vps(&self) -> Answer {
        Ok(Reply::List(self.shop.machines.keys().map(|name| json!(name)).collect()))
    }

    pub(super) fn get_vps(&mut self, name: &str, now: Timestamp) -> Answer {
        let state = self.vps(name, now)?.state;
        thing(json!({
            "name": name, "displayName": null, "state": state, "zone": "Region OpenStack: os-gra1",
            "model": { "name": PLAN, "offer": "VPS", "vcore": 2 }, "vcore": 2, "memoryLimit": 4096,
        }))
    }

    pub(super) fn act_on_vps(&mut self, name: &str, verb: &str, body: &Value, now: Timestamp) -> Answer {
        let done_at = now.plus(self.times.boot);
        let id = self.next();
        let machine = self.vps(name, now)?;
        match (verb, machine.state) {
            ("ips", _) => return Ok(Reply::List(vec![json!("2001:db8:f::4"), json!("198.51.100.4")])),
            ("terminate", _) => return thing(json!("An email was sent to the owner of the service")),
            ("confirmTermination", _) if body["token"] == "sim0termination0canary" => {
                machine.terminated = true;
                return thing(json!("The service will end"));
            }
            ("confirmTermination", _) => return Err(bad_request("This token is not valid")),
            _ if machine.then.is_some() => return Err(conflict("Client::Conflict", "A task is under way")),
            ("start", "stopped") => machine.then = Some((done_at, "running")),
            ("stop", "running") => {
                machine.state = "stopping";
                machine.then = Some((done_at, "stopped"));
            }
            ("reboot", "running") => {
                machine.state = "rebooting";
                machine.then = Some((done_at, "running"));
            }
            ("rebuild", _) => {
                let image = body["imageId"].as_str().unwrap_or_default();
                if !["debian-12", "debian-13"].contains(&image) {
                    return Err(bad_request("This image does not exist"));
                }
                machine.image = image.to_owned();
                machine.key = body["publicSshKey"].as_str().map(str::to_owned);
                machine.state = "installing";
                machine.then = Some((done_at, "running"));
            }
            _ => return Err(conflict("Client::Conflict", "The service is in the wrong state")),
        }
        thing(json!({ "id": id, "state": "todo", "type": "rebootVm", "progress": 0, "date": null }))
    }

    pub(super) fn vps_image(&self, id: Option<&str>) -> Answer {
        let all = [("debian-12", "Debian 12"), ("debian-13", "Debian 13")];
        match id {
            None => Ok(Reply::List(all.iter().map(|(id, _)| json!(id)).collect())),
            Some(wanted) => {
                let found = all.iter().find(|(id, _)| *id == wanted).ok_or_else(|| not_found("image"))?;
                thing(json!({ "id": found.0, "name": found.1 }))
            }
        }
    }

    pub(super) fn list_carts(&self, description: Option<&str>) -> Answer {
        let fits = |cart: &Cart| description.is_none_or(|wanted| cart.description == wanted);
        let all = self.shop.carts.iter().filter(|(_, cart)| fits(cart) && cart.assigned);
        Ok(Reply::List(all.map(|(id, _)| json!(id)).collect()))
    }

    pub(super) fn create_cart(&mut self, body: &Value) -> Answer {
        let id = self.next_id();
        let description = body["description"].as_str().unwrap_or_default().to_owned();
        self.shop.carts.insert(id.clone(), Cart { description, ..Cart::default() });
        self.cart(&id)
    }

    pub(super) fn cart(&self, id: &str) -> Answer {
        let cart = self.shop.carts.get(id).ok_or_else(|| not_found("cart"))?;
        let items: Vec<u64> = cart.plan.iter().map(|_| 7).collect();
        thing(json!({ "cartId": id, "readOnly": cart.read_only, "items": items, "expire": null }))
    }

    pub(super) fn change_cart(&mut self, id: &str, verb: &str, body: &Value, now: Timestamp) -> Answer {
        let cart = self.shop.carts.get_mut(id).ok_or_else(|| not_found("cart"))?;
        if cart.read_only {
            return Err(bad_request("This cart is read only"));
        }
        match verb {
            "assign" => {
                cart.assigned = true;
                Ok(Reply::Nothing)
            }
            "vps" => {
                let plan = body["planCode"].as_str().unwrap_or_default();
                if plan != PLAN {
                    return Err(bad_request("This offer is not available"));
                }
                cart.plan = Some(plan.to_owned());
                thing(json!({ "cartId": id, "itemId": 7, "productId": "vps", "prices": [], "options": [] }))
            }
            _ => {
                let _ = now;
                self.check_out(id)
            }
        }
    }

    fn check_out(&mut self, id: &str) -> Answer {
        let number = 200_000 + self.next();
        let cart = self.shop.carts.get_mut(id).ok_or_else(|| not_found("cart"))?;
        if !cart.assigned || cart.settings.len() < 2 {
            return Err(bad_request("A required configuration is missing"));
        }
        let Some(plan) = cart.plan.clone() else { return Err(bad_request("The cart is empty")) };
        cart.read_only = true;
        let name = format!("vps-{number:08x}.vps.example.net");
        self.shop.orders.insert(number, (plan, name));
        thing(json!({ "orderId": number, "url": "", "prices": { "withTax": amount(PRICE) }, "details": [] }))
    }

    pub(super) fn offer(&self, id: &str) -> Answer {
        let cart = self.shop.carts.get(id).ok_or_else(|| not_found("cart"))?;
        let price = if cart.plan.is_some() { PRICE } else { 0 };
        thing(json!({ "orderId": null, "url": null, "prices": { "withTax": amount(price) }, "details": [] }))
    }

    pub(super) fn requirements(&self) -> Answer {
        let requirement = |label: &str, required: bool| json!({ "label": label, "required": required, "type": "String", "fields": null });
        Ok(Reply::List(vec![
            requirement("vps_datacenter", true),
            requirement("vps_os", true),
            requirement("vps_name", false),
        ]))
    }

    pub(super) fn settings(&self, id: &str, label: Option<&str>) -> Answer {
        let cart = self.shop.carts.get(id).ok_or_else(|| not_found("cart"))?;
        let all =
            (1..).zip(cart.settings.keys()).filter(|(_, known)| label.is_none_or(|label| label == *known));
        Ok(Reply::List(all.map(|(id, _): (u64, _)| json!(id)).collect()))
    }

    pub(super) fn add_setting(&mut self, id: &str, body: &Value) -> Answer {
        let cart = self.shop.carts.get_mut(id).ok_or_else(|| not_found("cart"))?;
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        cart.settings.insert(text("label"), text("value"));
        thing(json!({ "id": cart.settings.len(), "label": body["label"], "value": body["value"] }))
    }

    pub(super) fn list_orders(&self) -> Answer {
        Ok(Reply::List(self.shop.orders.keys().map(|number| json!(number)).collect()))
    }

    pub(super) fn order(&self, number: &str, part: &[&str]) -> Answer {
        let found = number.parse().ok().and_then(|number: u64| self.shop.orders.get(&number));
        let (plan, name) = found.ok_or_else(|| not_found("order"))?;
        match part {
            [] => {
                thing(json!({ "orderId": number.parse::<u64>().unwrap_or(0), "priceWithTax": amount(PRICE) }))
            }
            ["status"] => thing(json!("delivered")),
            ["details"] => Ok(Reply::List(vec![json!(1), json!(2)])),
            ["details", "1"] => thing(
                json!({ "orderDetailId": 1, "domain": name, "description": format!("{plan} for 1 month") }),
            ),
            ["details", "2"] => {
                thing(json!({ "orderDetailId": 2, "domain": "*", "description": "Installation" }))
            }
            _ => Err(not_found("detail")),
        }
    }
}
