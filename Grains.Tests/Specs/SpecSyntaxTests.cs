using System.Text;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training;
using static Orleans.Tbptt.Tests.Specs.SpecFixture;

namespace Orleans.Tbptt.Tests.Specs;

public class SpecSyntaxTests
{
    [Theory]
    [InlineData("", "1:1: found an empty document, ")]
    [InlineData(" \n\n", "1:1: found an empty document, ")]
    [InlineData("# nothing\n# here\n", "1:1: found an empty document, ")]
    [InlineData("---\n...\n", "1:1: found an empty document, ")]
    [InlineData("hello", "1:1: found hello, ")]
    [InlineData("\n- a\n", "2:1: found a list, ")]
    [InlineData("[]", "1:1: found an empty list, ")]
    [InlineData("a: 1\nb: \0", "2:4: found the character U+0000, ")]
    [InlineData("a: 1\n\u001b[2J", "2:1: found the character U+001B, ")]
    [InlineData("model:\n\thiddenSize: 1\n", "2:1: found a tab that indents, expected spaces; replace the tab by spaces")]
    [InlineData("source: csv: x",
        "1:12: found text that is not YAML (while scanning a plain scalar value, found invalid mapping), expected YAML; put a text that " +
        "holds a colon and a space in quotes")]
    [InlineData("a: 1\nb\nc: 2", "2:1: found text that is not YAML (while parsing a block mapping, did not find expected key), ")]
    [InlineData("a: [1, 2\nb: 3", "1:5: found text that is not YAML (")]
    [InlineData("a: 1\n---\nb: 2", "2:1: found a second document, expected one run spec in a file; split the file at this line")]
    [InlineData("<<: {a: 1}", "1:1: found a merge key (<<), ")]
    [InlineData("? [a]\n: 1", "1:3: found a key that is not plain text, ")]
    [InlineData("&a k: 1", "1:1: found a key with an anchor or a tag, ")]
    [InlineData("&a {name: x}", "1:1: found an anchor (&a), expected a value without one; remove it")]
    [InlineData("*a", "1:1: found an alias (*), ")]
    [InlineData("%YAML 9.9\n---\na: 1", "1:1: found text that is not YAML (found incompatible YAML document), ")]
    public void Document_IsRefusedAtItsPlace_WhenItIsNotASpec(string text, string start) =>
        Assert.StartsWith($"run.yaml:{start}", Problem(text), StringComparison.Ordinal);

    /// <summary>JSON is read as the YAML that it is.</summary>
    [Theory]
    [InlineData("{\n\t\"seed\": 1 x}", "2:2 seed: found 1 x, expected a whole number of 0 or more; write a whole number")]
    [InlineData("{\n\t\"é\": 1,\n\t\"seed\":\t-1}", "3:2 seed: found -1, expected a whole number of 0 or more; raise it to 0 or more")]
    [InlineData("{\"name\": \"\\ud800\"}",
        "1:10: found text that is not YAML (while scanning a quoted scalar, found invalid Unicode surrogates), ")]
    [InlineData("{\"a\": 1", "2:1: found text that is not YAML (while parsing a flow mapping, did not find expected ',' or '}'), ")]
    [InlineData("{} {}", "1:4: found text that is not YAML (did not find expected <document end>), ")]
    [InlineData("[1]", "1:1: found a list, ")]
    [InlineData("\t", "1:1: found an empty document, ")]
    public void Json_IsRefusedAtItsPlace_WhenItIsNotASpec(string text, string start)
    {
        SpecDocument document = SpecLoader.Parse(text, "run.json", "/base");

        Assert.Contains(document.Problems, problem => problem.ToString().StartsWith($"run.json:{start}", StringComparison.Ordinal));
    }

    [Fact]
    public void Json_HasItsEscapes_AndNoSpacesAfterItsColons()
    {
        string json = "{\"name\":\"\\u00e9\\/\\ud83d\\ude00\",\"model\":{\"hiddenSize\":8},\"data\":{\"source\":\"sine\",\"batchSize\":4},"
            + "\"tbptt\":{\"chunkLength\":10},\"train\":{\"epochs\":2,\"loss\":\"mse\",\"optimizer\":{\"name\":\"adam\",\"lr\":1e-3}}}";

        Assert.Equal(Sound(Sine) with { Name = "é/😀" }, SpecLoader.Parse(json, "run.json", "/base").Spec);
    }

    [Fact]
    public void AnchorsAliasesAndTags_AreRefusedEach_WhereTheyStand() =>
        Assert.Equal(
            [
                "run.yaml:1:7 name: found an anchor (&a), expected a value without one; remove it",
                "run.yaml:6:14 data.batchSize: found an alias (*), expected the value itself; write the value out",
                "run.yaml:14:9 train.optimizer.lr: found a tag (!!float), expected a value without one; remove it",
            ],
            Problems(Sine.With("name: &a waves").With("  batchSize: *a").With("    lr: !!float 3")));

    [Theory]
    [InlineData("[", "a: ", "levels of nesting")]
    [InlineData("{a: ", "a: ", "levels of nesting")]
    [InlineData("- ", "", "levels of nesting")]
    [InlineData("{\"a\":", "", "")]
    [InlineData("k, ", "a: [", "more than 20,000 values")]
    [InlineData("k", "", "")]
    [InlineData("? ", "", "")]
    public void Document_IsRefusedQuickly_WhenItIsHostile(string piece, string start, string found)
    {
        string text = start + new StringBuilder().Insert(0, piece, 900_000 / piece.Length);

        Assert.Contains(found, Problem(text), StringComparison.Ordinal);
    }

    [Fact]
    public void ListOfLists_CannotMultiply_WhenAliasesAreUsed()
    {
        string text = "a: &a [x, x, x, x, x, x, x, x, x]\n"
            + string.Concat(Enumerable.Range('b', 20)
                .Select(c => $"{(char)c}: &{(char)c} [{string.Join(", ", Enumerable.Repeat($"*{(char)(c - 1)}", 9))}]\n"));

        Assert.InRange(Problems(text).Length, 20, 101);
    }

    [Fact]
    public void Problems_AreAHundredAndTheNumberOfTheOthers_WhenThereAreMore()
    {
        string[] problems = Problems(string.Concat(Enumerable.Range(0, 5000).Select(i => $"k{i}: *x\n")));

        Assert.Equal(101, problems.Length);
        Assert.Equal("run.yaml:1:1: found 9904 more, expected no mistakes; mend those above first; they may have one cause", problems[^1]);
    }

    [Fact]
    public void AnyText_IsReadOrRefused_WithoutAnException()
    {
        var random = new Random(7);
        string[] pieces = [.. "ab:-?[]{},\n \"'#&*!|>%@`\\\t0~.é\u2028".Select(c => $"{c}"), "\n  ", ": ", "model", "data:\n  ", "null",
            "\"\\ud83d", "\r\n", "😀"];
        for (int i = 0; i < 20_000; i++)
        {
            string text = string.Concat(Enumerable.Range(0, random.Next(30)).Select(_ => pieces[random.Next(pieces.Length)]));
            SpecDocument document = SpecLoader.Parse(new SpecText(text, i % 2 == 0 ? "run.yaml" : "run.json", "/base") { Sets = [text] });
            Assert.Null(document.Spec);
            Assert.NotEmpty(document.Problems);
            Assert.All(document.Problems, problem => Assert.DoesNotContain(problem.ToString(), char.IsControl));
        }
    }

    [Fact]
    public void SoundSpec_IsNeverReadAsAnother_WhenOneCharacterIsSpoiled()
    {
        RunSpec sound = Sound(Sine);
        for (int i = 0; i < Sine.Length; i++)
        {
            // An x in the place of any character leaves the same spec, one with another name, or problems.
            SpecDocument document = Read(Sine.Remove(i, 1).Insert(i, "x"));
            Assert.True(document.Problems.Count > 0 != (document.Spec is not null));
            if (document.Spec is { } spec)
                Assert.Equal(sound, spec with { Name = sound.Name });
        }
    }
}
