using System.Text;
using System.Text.RegularExpressions;
using Orleans.Tbptt.Specs.Reading;

namespace Orleans.Tbptt.Sweeps;

/// <summary>Writes a value of a document on one line, as it can stand behind a key.</summary>
internal static partial class FlowText
{
    /// <summary>The value; text that could be taken for something else is quoted.</summary>
    public static string Of(Node node)
    {
        var text = new StringBuilder();
        Write(node, text);
        return text.ToString();
    }

    private static void Write(Node node, StringBuilder text)
    {
        switch (node)
        {
            case MapNode map:
                List('{', '}', map.Entries, entry =>
                {
                    Scalar(entry.Key, quoted: false, text);
                    text.Append(": ");
                    Write(entry.Value.Value, text);
                });
                break;
            case ListNode list:
                List('[', ']', list.Items, item => Write(item, text));
                break;
            case ScalarNode scalar:
                Scalar(scalar.Text, scalar.Quoted, text);
                break;
            default:
                // A key without a value: the reader of the spec refuses it.
                text.Append('~');
                break;
        }

        void List<T>(char open, char close, IEnumerable<T> items, Action<T> write)
        {
            string separator = "";
            text.Append(open);
            foreach (var item in items)
            {
                text.Append(separator);
                write(item);
                separator = ", ";
            }

            text.Append(close);
        }
    }

    private static void Scalar(string value, bool quoted, StringBuilder text)
    {
        if (!quoted && (value.Length == 0 || Plain().IsMatch(value)))
        {
            text.Append(value.Length == 0 ? "~" : value);
            return;
        }

        text.Append('"');
        foreach (char c in value)
        {
            if (c is '"' or '\\')
                text.Append('\\').Append(c);
            else if (char.IsControl(c))
                text.Append($"\\u{(int)c:x4}");
            else
                text.Append(c);
        }

        text.Append('"');
    }

    // What YAML reads inside of brackets as it does outside of them.
    [GeneratedRegex(@"^[A-Za-z0-9_./~+-]([A-Za-z0-9_./*:~+-]*[A-Za-z0-9_./*~+-])?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Plain();
}
