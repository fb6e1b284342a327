using System.Collections;
using System.Reflection;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Grains.Catalog;

/// <summary>
/// Whether an object has the shape of a spec at all: nothing null that must be there, no words that stand for nothing, and no more text
/// than a spec file may have. Goes by the members that the spec's records declare, so that no section is forgotten.
/// </summary>
internal static class SpecShape
{
    private const int LongestText = 4096;
    private const int MostItems = 10_000;
    private const int MostText = 1 << 20;
    private const int Shown = 80;
    private const string Remedy = "submit a spec that this version's loader has read";

    /// <summary>What is wrong with the shape; empty when nothing is. Looks at no more than the limits allow.</summary>
    public static IReadOnlyList<SpecProblem> Check(RunSpec? spec)
    {
        if (spec is null)
            return [new("", "nothing", "a run spec", Remedy)];
        var look = new Look();
        look.Record(spec, "");
        if (look.Text > MostText)
            look.Problems.Add(new("", $"{look.Text:N0} characters of text", $"{MostText:N0} or less", "name fewer paths and columns"));
        return look.Problems;
    }

    /// <summary>A scrap of what was sent: short, on one line.</summary>
    public static string Shorten(string text)
    {
        string start = text.Length <= Shown ? text : text[..Shown];
        return string.Concat(start.Select(c => char.IsControl(c) || char.IsSurrogate(c) ? '\uFFFD' : c)) + (text.Length <= Shown ? "" : "…");
    }

    private sealed class Look
    {
        private readonly NullabilityInfoContext _nullability = new();

        public List<SpecProblem> Problems { get; } = [];

        public long Text { get; private set; }

        public void Record(object record, string path)
        {
            foreach (PropertyInfo property in record.GetType().GetProperties(BindingFlags.Instance | BindingFlags.Public))
            {
                if (!property.IsDefined(typeof(IdAttribute)))
                    continue;
                string name = char.ToLowerInvariant(property.Name[0]) + property.Name[1..];
                Value(property, property.GetValue(record), path.Length == 0 ? name : $"{path}.{name}");
            }
        }

        private void Value(PropertyInfo property, object? value, string path)
        {
            switch (value)
            {
                case null when _nullability.Create(property).ReadState == NullabilityState.NotNull:
                    Problems.Add(new(path, "nothing", "a value", Remedy));
                    break;
                case string text:
                    Words(text, path);
                    break;
                case Enum word when !Enum.IsDefined(word.GetType(), word):
                    Problems.Add(new(path, $"number {word:d}", $"one of {Enum.GetNames(word.GetType()).Length} words", Remedy));
                    break;
                case double number when !double.IsFinite(number):
                    Problems.Add(new(path, FormattableString.Invariant($"{number}"), "a finite number", "correct it"));
                    break;
                case IEnumerable list:
                    Items(list, path);
                    break;
                case { } record when record.GetType().Assembly == typeof(RunSpec).Assembly && record is not Enum:
                    Record(record, path);
                    break;
            }
        }

        private void Items(IEnumerable list, string path)
        {
            int count = 0;
            foreach (object? item in list)
            {
                if (++count > MostItems)
                {
                    Problems.Add(new(path, $"more than {MostItems:N0} items", $"{MostItems:N0} or less", "write a glob or fewer names"));
                    return;
                }

                if (item is string text)
                    Words(text, $"{path}[{count - 1}]");
                else
                    Problems.Add(new($"{path}[{count - 1}]", "nothing", "text", Remedy));
                if (Problems.Count > 100)
                    return;
            }
        }

        private void Words(string text, string path)
        {
            Text += text.Length;
            if (text.Length > LongestText)
                Problems.Add(new(path, $"{text.Length:N0} characters", $"{LongestText:N0} or less", "shorten it"));
            else if (text.AsSpan().IndexOfAnyInRange('\0', '\u001f') >= 0)
                Problems.Add(new(path, $"'{Shorten(text)}'", "text that can be printed", "remove the control characters"));
        }
    }
}
