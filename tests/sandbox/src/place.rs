//! The places that can be searched for and tagged.

use serde_json::{Value, json};

/// A place.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) id: u64,
    pub(crate) name: &'static str,
    pub(crate) address: &'static str,
    pub(crate) city: &'static str,
    pub(crate) country: &'static str,
    pub(crate) latitude: f64,
    pub(crate) longitude: f64,
    pub(crate) postal_code: &'static str,
}

/// Every place there is; all are made up but for their cities.
pub(crate) const PLACES: [Place; 6] = [
    Place {
        id: 107_000_000_000_011,
        name: "Menlo Park",
        address: "1 Example Way",
        city: "Menlo Park",
        country: "United States",
        latitude: 37.4848,
        longitude: -122.1484,
        postal_code: "94025",
    },
    Place {
        id: 107_000_000_000_022,
        name: "Menlo Park Example Library",
        address: "20 Sample Street",
        city: "Menlo Park",
        country: "United States",
        latitude: 37.4530,
        longitude: -122.1817,
        postal_code: "94025",
    },
    Place {
        id: 107_000_000_000_033,
        name: "Kedai Senja",
        address: "Jalan Contoh 12",
        city: "Bandung",
        country: "Indonesia",
        latitude: -6.9175,
        longitude: 107.6191,
        postal_code: "40111",
    },
    Place {
        id: 107_000_000_000_044,
        name: "مكتبة المثال",
        address: "1 شارع المثال",
        city: "القاهرة",
        country: "مصر",
        latitude: 30.0444,
        longitude: 31.2357,
        postal_code: "11511",
    },
    Place {
        id: 107_000_000_000_055,
        name: "Example Observatory",
        address: "7 Hill Road",
        city: "Ithaca",
        country: "United States",
        latitude: 42.4440,
        longitude: -76.5019,
        postal_code: "14850",
    },
    // One id that a floating-point number cannot hold: 2^53 + 1.
    Place {
        id: 9_007_199_254_740_993,
        name: "Studio Lab",
        address: "3 Workshop Yard",
        city: "Brooklyn",
        country: "United States",
        latitude: 40.6782,
        longitude: -73.9442,
        postal_code: "11201",
    },
];

/// The place with this id.
pub(crate) fn place(id: u64) -> Option<&'static Place> {
    PLACES.iter().find(|place| place.id == id)
}

impl Place {
    /// The place as JSON, with its id as a text.
    pub(crate) fn object(&self) -> Value {
        json!({
            "id": self.id.to_string(),
            "name": self.name,
            "address": self.address,
            "city": self.city,
            "country": self.country,
            "latitude": self.latitude,
            "longitude": self.longitude,
            "postal_code": self.postal_code,
        })
    }

    /// Whether the text occurs in the name or the city.
    pub(crate) fn is_called(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        self.name.to_lowercase().contains(&text) || self.city.to_lowercase().contains(&text)
    }

    /// The distance in kilometres, on a round earth.
    pub(crate) fn distance(&self, latitude: f64, longitude: f64) -> f64 {
        const RADIUS: f64 = 6_371.0;
        let (here, there) = (self.latitude.to_radians(), latitude.to_radians());
        let across = ((longitude - self.longitude) / 2.0).to_radians().sin();
        let along = ((there - here) / 2.0).sin();
        let half = along * along + here.cos() * there.cos() * across * across;
        2.0 * RADIUS * half.sqrt().min(1.0).asin()
    }
}
