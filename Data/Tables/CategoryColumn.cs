using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Descriptions;

namespace Orleans.Tbptt.Data.Tables;

/// <summary>
/// A column of classes: the number of each of its texts. Texts of the same whole number, <c>1</c> and <c>1.0</c>, are one class. 0 is
/// <c>&lt;unknown&gt;</c>, what the rows to train on do not have; then follow the texts that they have, in the order in which the file
/// first has them; where they have missing cells, the last is <c>&lt;missing&gt;</c>.
/// </summary>
internal sealed class CategoryColumn
{
    /// <summary>What the rows to train on do not have.</summary>
    public const string Unknown = "<unknown>";

    /// <summary>A cell without a value.</summary>
    public const string Missing = "<missing>";

    /// <summary>Classes of a column at most: more are no classes.</summary>
    public const int Most = 100_000;

    private readonly int[] _numbers;
    private readonly int _missing;

    /// <summary>A column whose classes are known.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="read">Its index among the columns that are read.</param>
    /// <param name="classes">The classes by their numbers.</param>
    /// <param name="texts">The texts by their codes.</param>
    public CategoryColumn(string name, int read, IReadOnlyList<ClassDescription> classes, IReadOnlyList<string> texts)
    {
        (Name, Read, Classes) = (name, read, classes);
        var numbers = NumbersOf(classes);
        _missing = numbers.GetValueOrDefault(Missing);
        _numbers = [.. texts.Select(text => numbers.GetValueOrDefault(Canonical(text)))];
        UnknownTexts = [.. texts.Where((_, code) => _numbers[code] == 0)];
    }

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>Its index among the columns that are read.</summary>
    public int Read { get; }

    /// <summary>The classes by their numbers.</summary>
    public IReadOnlyList<ClassDescription> Classes { get; }

    /// <summary>The texts that are <see cref="Unknown"/>.</summary>
    public IReadOnlyList<string> UnknownTexts { get; }

    /// <summary>How many of the cells that were numbered are <see cref="Unknown"/>.</summary>
    public long UnknownRows { get; private set; }

    /// <summary>Numbers the class of a cell, and counts it where it is <see cref="Unknown"/>.</summary>
    /// <param name="code">The code of its text; NaN for none.</param>
    public float NumberOf(double code)
    {
        int number = double.IsNaN(code) ? _missing : _numbers[(int)code];
        if (number == 0)
            UnknownRows++;
        return number;
    }

    /// <summary>The numbers of classes by their texts.</summary>
    public static Dictionary<string, int> NumbersOf(IReadOnlyList<ClassDescription> classes)
    {
        var numbers = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int number = 1; number < classes.Count; number++)
            numbers.TryAdd(Canonical(classes[number].Name), number);
        return numbers;
    }

    /// <summary>Why a text is no class; null where it is one, known or not.</summary>
    public static string? Refusal(string text) => text is Unknown or Missing
        ? $"found {Wording.Quote(text)}, expected another text, because this one stands for cells without a class"
        : IsDecimal(text) ? $"found {Wording.Quote(text)}, expected a text or a whole number, because the column is one of classes" : null;

    /// <summary>The classes that rows to train on have.</summary>
    /// <param name="name">The column's name.</param>
    /// <param name="read">Its index among the columns that are read.</param>
    /// <param name="texts">The texts by their codes.</param>
    /// <param name="counts">How many rows to train on have each; behind the last text, how many have none.</param>
    public static CategoryColumn Of(string name, int read, IReadOnlyList<string> texts, IReadOnlyList<long> counts) => new(
        name, read,
        [
            new(Unknown, 0), .. texts.Zip(counts).GroupBy(one => Canonical(one.First), StringComparer.Ordinal)
                .Select(same => new ClassDescription(same.Key, same.Sum(one => one.Second))).Where(one => one.Count > 0),
            .. counts[texts.Count] > 0 ? [new(Missing, counts[texts.Count])] : Array.Empty<ClassDescription>(),
        ], texts);

    /// <summary>Adds the problem of cells that are no classes.</summary>
    public static void Check(string name, IReadOnlyList<string> texts, ProblemList problems)
    {
        if (texts.Count > Most)
        {
            problems.Add(
                DataKeys.Categorical, $"{texts.Count} different cells in column {Wording.Quote(name)}", $"at most {Most} classes",
                "remove it from data.categorical: it is one of numbers, or of names that do not repeat");
        }

        if (texts.FirstOrDefault(text => text is Unknown or Missing) is { } reserved)
        {
            problems.Add(
                DataKeys.Categorical, $"{Wording.Quote(reserved)} in column {Wording.Quote(name)}",
                "another text, because this one stands for cells without a class", "leave these cells empty, or name it in data.missing");
        }

        if (texts.FirstOrDefault(IsDecimal) is { } number)
        {
            problems.Add(
                DataKeys.Categorical, $"{Wording.Quote(number)} in column {Wording.Quote(name)}", "texts or whole numbers as classes",
                "remove it from data.categorical: it is one of numbers");
        }
    }

    /// <summary>
    /// A whole number without the zeros behind its point, any other text as it is: programs write a column of whole numbers as 1.0 where
    /// a cell is missing, and 1 elsewhere. Zeros ahead stay, because they are part of codes.
    /// </summary>
    public static string Canonical(string text)
    {
        int point = text.IndexOf('.', StringComparison.Ordinal);
        int from = text.StartsWith('-') ? 1 : 0;
        return point > from && text.AsSpan(from, point - from).IndexOfAnyExceptInRange('0', '9') < 0
            && text.AsSpan(point + 1).IndexOfAnyExcept('0') < 0 ? text[..point] : text;
    }

    private static bool IsDecimal(string text) =>
        double.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out double number) && number != Math.Floor(number);
}
