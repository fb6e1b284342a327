using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training;

namespace Orleans.Tbptt.Tests.Specs;

/// <summary>Sound specs for tests to spoil, and the reading of them.</summary>
internal static class SpecFixture
{
    /// <summary>Line 1 is name, 2 model, 4 data, 7 tbptt, 9 train.</summary>
    public const string Sine = """
        name: waves
        model:
          hiddenSize: 8
        data:
          source: sine
          batchSize: 4
        tbptt:
          chunkLength: 10
        train:
          epochs: 2
          loss: mse
          optimizer:
            name: adam
            lr: 1e-3
        """;

    public const string Bytes = """
        model:
          hiddenSize: 8
          embedding: {size: 4}
        data:
          source: bytes:texts/**/*.txt
          batchSize: 4
        tbptt: {chunkLength: 10}
        train:
          epochs: 2
          loss: cross_entropy
          optimizer: {name: sgd, lr: 0.5}
        """;

    public static SpecDocument Read(string text, params string[] sets) =>
        SpecLoader.Parse(new SpecText(text, "run.yaml", "/base") { Sets = sets }, filesMustExist: false);

    public static RunSpec Sound(string text, params string[] sets)
    {
        SpecDocument document = Read(text, sets);
        Assert.Empty(document.Problems);
        return Assert.IsType<RunSpec>(document.Spec);
    }

    /// <summary>The problems as they are printed; no spec comes with them.</summary>
    public static string[] Problems(string text, params string[] sets)
    {
        SpecDocument document = Read(text, sets);
        Assert.Null(document.Spec);
        return [.. document.Problems.Select(problem => problem.ToString())];
    }

    /// <summary>The only problem as it is printed.</summary>
    public static string Problem(string text, params string[] sets) => Assert.Single(Problems(text, sets));

    /// <summary>Puts a line in the place of one that begins like it does, up to the colon.</summary>
    public static string With(this string text, string line)
    {
        string key = line[..(line.IndexOf(':', StringComparison.Ordinal) + 1)];
        string[] lines = text.Split('\n');
        int index = Array.FindIndex(lines, candidate => candidate.StartsWith(key, StringComparison.Ordinal));
        Assert.True(index >= 0, $"no line {key}");
        lines[index] = line;
        return string.Join('\n', lines);
    }

    /// <summary>Adds lines after the one that begins so.</summary>
    public static string After(this string text, string start, string lines)
    {
        int index = text.IndexOf(start, StringComparison.Ordinal);
        Assert.True(index >= 0, $"no line {start}");
        int end = text.IndexOf('\n', index);
        return end < 0 ? $"{text}\n{lines}" : text.Insert(end, $"\n{lines}");
    }
}
