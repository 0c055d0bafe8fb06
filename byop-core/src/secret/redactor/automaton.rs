//! Finds any of many byte strings in one pass (Aho and Corasick, 1975).
//!
//! Nodes are linked lists instead of tables of 256: one long key has tens of thousands of them.

use std::collections::VecDeque;

/// Of a longer string so much at its beginning is a match already: texts are cut.
const ENOUGH: usize = 8;

pub(super) type State = u32;
pub(super) const ROOT: State = 0;

struct Node {
    byte: u8,
    child: State,
    sibling: State,
    /// Where the longest proper suffix of this node's text stands that is itself the beginning of a string.
    fail: State,
    depth: u32,
    /// Length of the longest match that ends here; 0 for none.
    longest: u32,
}

/// What to look for.
pub(super) struct Automaton {
    nodes: Vec<Node>,
    first: Box<[State; 256]>,
}

impl Automaton {
    pub(super) fn new<'a>(strings: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut automaton = Self { nodes: vec![Node::new(0, 0)], first: Box::new([ROOT; 256]) };
        for string in strings {
            automaton.insert(string);
        }
        automaton.link();
        automaton
    }

    pub(super) fn is_empty(&self) -> bool {
        self.nodes.len() == 1
    }

    fn insert(&mut self, string: &[u8]) {
        let enough = ENOUGH.max(string.len().div_ceil(2)).min(string.len());
        let mut state = ROOT;
        for (index, byte) in string.iter().enumerate() {
            state = match self.child(state, *byte) {
                Some(child) => child,
                None => self.add(state, *byte),
            };
            let node = &mut self.nodes[state as usize];
            if index + 1 >= enough {
                node.longest = node.depth;
            }
        }
    }

    fn add(&mut self, parent: State, byte: u8) -> State {
        let new = State::try_from(self.nodes.len()).unwrap_or(State::MAX);
        let mut node = Node::new(byte, self.nodes[parent as usize].depth + 1);
        node.sibling = self.nodes[parent as usize].child;
        self.nodes.push(node);
        self.nodes[parent as usize].child = new;
        if parent == ROOT {
            self.first[usize::from(byte)] = new;
        }
        new
    }

    /// Sets where each node goes on when a byte does not fit, in order of depth.
    fn link(&mut self) {
        let mut queue: VecDeque<State> = self.children(ROOT).into();
        while let Some(state) = queue.pop_front() {
            let fail = self.nodes[state as usize].fail;
            for child in self.children(state) {
                self.nodes[child as usize].fail = self.next(fail, self.nodes[child as usize].byte);
                queue.push_back(child);
            }
            let inherited = self.nodes[fail as usize].longest;
            let node = &mut self.nodes[state as usize];
            node.longest = node.longest.max(inherited);
        }
    }

    fn children(&self, state: State) -> Vec<State> {
        let first = Some(self.nodes[state as usize].child).filter(|child| *child != ROOT);
        std::iter::successors(first, |child| {
            Some(self.nodes[*child as usize].sibling).filter(|sibling| *sibling != ROOT)
        })
        .collect()
    }

    fn child(&self, state: State, byte: u8) -> Option<State> {
        let mut child = self.nodes[state as usize].child;
        while child != ROOT {
            let node = &self.nodes[child as usize];
            if node.byte == byte {
                return Some(child);
            }
            child = node.sibling;
        }
        None
    }

    pub(super) fn next(&self, mut state: State, byte: u8) -> State {
        while state != ROOT {
            if let Some(child) = self.child(state, byte) {
                return child;
            }
            state = self.nodes[state as usize].fail;
        }
        self.first[usize::from(byte)]
    }

    /// Length of the longest match that ends in this state; 0 for none.
    pub(super) fn longest(&self, state: State) -> usize {
        self.nodes[state as usize].longest as usize
    }

    /// How much of the text so far may be the beginning of a match.
    pub(super) fn depth(&self, state: State) -> usize {
        self.nodes[state as usize].depth as usize
    }
}

impl Node {
    fn new(byte: u8, depth: u32) -> Self {
        Self { byte, child: ROOT, sibling: ROOT, fail: ROOT, depth, longest: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends(strings: &[&str], text: &str) -> Vec<(usize, usize)> {
        let automaton = Automaton::new(strings.iter().map(|s| s.as_bytes()));
        let mut state = ROOT;
        let mut found = Vec::new();
        for (index, byte) in text.bytes().enumerate() {
            state = automaton.next(state, byte);
            let longest = automaton.longest(state);
            if longest > 0 {
                found.push((index + 1 - longest, index + 1));
            }
        }
        found
    }

    #[test]
    fn strings_inside_and_beside_one_another_are_found() {
        assert_eq!(ends(&["he", "she", "his", "hers"], "ushers"), [(1, 4), (2, 6)]);
        assert_eq!(ends(&["abcd", "bc"], "abce"), [(1, 3)]);
        assert_eq!(ends(&["aa"], "aaa"), [(0, 2), (1, 3)]);
        assert_eq!(ends(&[], "aaa"), []);
    }

    #[test]
    fn half_of_a_long_string_is_a_match() {
        assert_eq!(ends(&["0123456789abcdefghij"], "x0123456789 and"), [(1, 11)]);
        assert_eq!(ends(&["0123456789abcdefghij"], "x012345678 and"), []);
    }
}
