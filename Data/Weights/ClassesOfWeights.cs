using System.Text.Json;
using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Descriptions;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Data.Weights;

/// <summary>
/// The classes by whose numbers the vectors of columns lie in a file of weights: the file has no names of classes, but the run or the model
/// package that it belongs to has.
/// </summary>
internal static class ClassesOfWeights
{
    // A document with the names of a few million classes.
    private const long LargestDocument = 256 << 20;

    /// <summary>
    /// Adds a problem for each column of which a class has another number here than in what the weights were trained on.
    /// </summary>
    /// <param name="weights">The file of weights.</param>
    /// <param name="model">The model.</param>
    /// <param name="read">What is trained on here.</param>
    /// <param name="admits">Whether a file may be read.</param>
    /// <param name="problems">Collects the problems.</param>
    /// <returns>The columns whose classes nothing was compared with.</returns>
    public static IReadOnlyList<string> Compare(
        string weights, ModelSpec model, SourceDescription read, Predicate<string> admits, ProblemList problems)
    {
        var unknown = new List<string>();
        var (document, columns) = Find(weights, admits);
        foreach (var (name, _) in model.Embeddings.Pairs)
        {
            ColumnDescription? here = read.Columns.FirstOrDefault(column => column.Name == name && column.Classes.Count > 0);
            if (here is null || !columns.TryGetValue(name, out string[]? trained))
            {
                unknown.Add(name);
                continue;
            }

            int same = here.Classes.Zip(trained).TakeWhile(pair => pair.First.Name == pair.Second).Count();
            if (same < Math.Min(here.Classes.Count, trained.Length))
            {
                problems.Add(
                    DataKeys.InitFrom,
                    $"class {Wording.Quote(here.Classes[same].Name)} of column {Wording.Quote(name)} with number {same}, which is that of "
                    + $"{Wording.Quote(trained[same])} in {document}",
                    "the classes of the data that these weights were trained on, in the order in which those have them",
                    "put rows first in which the classes appear in that order, or copy the weights alone to another directory to take "
                    + "their vectors by number all the same");
            }
        }

        return unknown;
    }

    /// <summary>The classes of each column: of a model package, of a run, or of the run that a checkpoint is of.</summary>
    private static (string Document, Dictionary<string, string[]> Columns) Find(string weights, Predicate<string> admits)
    {
        string directory = Path.GetDirectoryName(Path.GetFullPath(weights))!;
        string[] documents =
        [
            Path.Combine(directory, "config.json"), Path.Combine(directory, "data.json"),
            Path.GetFullPath(Path.Combine(directory, "..", "..", "data.json")),
        ];
        foreach (string document in documents)
        {
            try
            {
                if (new FileInfo(document) is { Exists: true, Length: <= LargestDocument } && admits(document)
                    && Columns(document) is { Count: > 0 } columns)
                {
                    return (document, columns);
                }
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException or JsonException)
            {
                // It is none of these documents: the classes are those of nobody.
            }
        }

        return ("", []);
    }

    private static Dictionary<string, string[]> Columns(string path)
    {
        using FileStream file = File.OpenRead(path);
        using var document = JsonDocument.Parse(file);
        var classes = new Dictionary<string, string[]>(StringComparer.Ordinal);
        JsonElement root = document.RootElement;
        JsonElement? contents = Member(root, "columns") ?? Member(Member(Member(root, "description"), "contents"), "columns");
        if (contents is not { ValueKind: JsonValueKind.Array } columns)
            return classes;
        foreach (JsonElement column in columns.EnumerateArray())
        {
            if (Member(column, "name") is { ValueKind: JsonValueKind.String } name
                && Member(column, "classes") is { ValueKind: JsonValueKind.Array } all && all.GetArrayLength() > 0)
            {
                classes.TryAdd(
                    name.GetString()!,
                    [.. all.EnumerateArray().Select(one => Member(one, "name") is { ValueKind: JsonValueKind.String } text
                        ? text.GetString()! : "")]);
            }
        }

        return classes;
    }

    private static JsonElement? Member(JsonElement? of, string name) =>
        of is { ValueKind: JsonValueKind.Object } some && some.TryGetProperty(name, out JsonElement member) ? member : null;
}
