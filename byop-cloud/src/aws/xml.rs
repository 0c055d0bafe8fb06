//! Reading XML by local names: the namespaces of the vendor's answers carry its version and nothing else.

use std::fmt::Write as _;

pub(super) use roxmltree::{Document, Node};

/// The first child of that name.
pub(super) fn child<'a, 'i>(node: Node<'a, 'i>, name: &str) -> Option<Node<'a, 'i>> {
    node.children().find(|child| child.is_element() && child.tag_name().name() == name)
}

/// All children of that name.
pub(super) fn children<'a, 'i, 'n>(
    node: Node<'a, 'i>,
    name: &'n str,
) -> impl Iterator<Item = Node<'a, 'i>> + use<'a, 'i, 'n> {
    node.children().filter(move |child| child.is_element() && child.tag_name().name() == name)
}

/// The text at a path such as `placement/availabilityZone`; an empty one counts as absent.
pub(super) fn text(node: Node<'_, '_>, path: &str) -> Option<String> {
    let found = path.split('/').try_fold(node, child)?;
    // Comments could divide it.
    let text: String = found.children().filter(Node::is_text).filter_map(|part| part.text()).collect();
    Some(text).filter(|text| !text.trim().is_empty())
}

/// The members of a list such as `tagSet`; none when it is absent.
pub(super) fn items<'a, 'i>(node: Node<'a, 'i>, set: &str) -> Vec<Node<'a, 'i>> {
    let set = child(node, set);
    set.into_iter().flat_map(|set| children(set, "item")).collect()
}

/// A text as it may stand between tags.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            c if c.is_control() => {
                // Writing to a text does not fail.
                let _ = write!(escaped, "&#{};", u32::from(c));
            }
            c => escaped.push(c),
        }
    }
    escaped
}
