//! JSON in several lines, as `mosquitto_sub --pretty` prints it: a member of an
//! object has a line and a tab for each object or array around it, the elements
//! of an array stand in one.

/// The same JSON in several lines. What is no JSON comes out as it may, but
/// never panics.
#[must_use]
pub fn pretty(json: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(json.len() * 2);
    let mut depth = 0_usize;
    let mut in_string = false;
    let mut escaped = false;
    // Whether each of the values around is an object.
    let mut objects = Vec::new();
    for &byte in json {
        if in_string {
            out.push(byte);
            in_string = escaped || byte != b'"';
            escaped = !escaped && byte == b'\\';
            continue;
        }
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' => {}
            b'{' | b'[' => {
                depth += 1;
                objects.push(byte == b'{');
                out.push(byte);
                if byte == b'{' {
                    new_line(depth, &mut out);
                }
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                objects.pop();
                if byte == b'}' {
                    new_line(depth, &mut out);
                }
                out.push(byte);
            }
            b',' if objects.last() == Some(&true) => {
                out.push(byte);
                new_line(depth, &mut out);
            }
            b',' => out.extend_from_slice(b", "),
            b':' => out.extend_from_slice(b":\t"),
            other => {
                in_string = other == b'"';
                out.push(other);
            }
        }
    }
    out
}

fn new_line(depth: usize, out: &mut Vec<u8>) {
    out.push(b'\n');
    out.extend(std::iter::repeat_n(b'\t', depth));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn said(json: &str) -> String {
        String::from_utf8(pretty(json.as_bytes())).unwrap()
    }

    #[test]
    fn members_have_lines_and_elements_have_none() {
        let json = r#"{"a":1,"b": [1,2,{"c":"x, {\"}"}],"d":{"e":null}}"#;
        let wanted = "{\n\t\"a\":\t1,\n\t\"b\":\t[1, 2, {\n\t\t\t\"c\":\t\"x, {\\\"}\"\n\t\t}],\n\
                      \t\"d\":\t{\n\t\t\"e\":\tnull\n\t}\n}";
        assert_eq!(said(json), wanted);
        assert_eq!(said("[]"), "[]");
        assert_eq!(said(r#""a\\",1"#), r#""a\\", 1"#);
    }

    proptest! {
        #[test]
        fn it_stays_the_same_json(text in "[\"\\\\{}\\[\\],: a]{0,20}", number: i32) {
            let value = serde_json::json!({"t": [text, {"n": number}], "u": {"v": [[]]}});
            let again: serde_json::Value =
                serde_json::from_slice(&pretty(value.to_string().as_bytes())).unwrap();
            prop_assert_eq!(again, value);
        }
    }
}
