//! [`markers!`](crate::markers): markers of a whole file or module.

/// Gives every test in this module and below these markers, as `markers(…)` does for one test or
/// group.
///
/// At the head of a test file it marks the whole file; `-m` selects by markers.
///
/// ```
/// use itest::prelude::*;
///
/// itest::markers!(integration, load(level = 3, kind = "disk", steady = true));
///
/// #[integration]
/// fn is_marked(request: &Request) {
///     assert!(request.has_marker("integration"));
/// }
/// ```
///
#[doc = include_str!("../docs/selecting.md")]
#[macro_export]
macro_rules! markers {
    ($($name:ident $(($($argument:ident = $value:expr),+ $(,)?))?),+ $(,)?) => {
        const _: () = {
            use $crate::__private as p;
            static MARKERS: p::MarkersDef = p::MarkersDef {
                module_path: ::core::module_path!(),
                location: p::Location {
                    file: ::core::file!(),
                    line: ::core::line!(),
                    column: ::core::column!(),
                },
                markers: &[$(p::Marker {
                    name: ::core::stringify!($name),
                    args: &[$($((
                        ::core::stringify!($argument),
                        p::Literal($value).value(),
                    )),+)?],
                }),+],
            };
            p::inventory::submit! { p::Submission::Markers(&MARKERS) }
        };
    };
}

#[cfg(test)]
mod tests {
    use crate::def::MarkerValue;
    use crate::registry::Registry;

    mod marked {
        crate::markers!(plain, load(level = -3, kind = "disk", steady = true));
    }

    #[test]
    fn markers_are_submitted() {
        let registry = Registry::collect();
        let [only] = &registry.markers[..] else {
            panic!("{:?}", registry.markers);
        };
        assert_eq!(only.module_path, "itest::markers::tests::marked");
        assert_eq!(
            (only.markers[0].name, only.markers[0].args),
            ("plain", &[][..])
        );
        let args = [
            ("level", MarkerValue::Int(-3)),
            ("kind", MarkerValue::Str("disk")),
            ("steady", MarkerValue::Bool(true)),
        ];
        assert_eq!(
            (only.markers[1].name, only.markers[1].args),
            ("load", &args[..])
        );
    }
}
