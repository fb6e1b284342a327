using static Orleans.Tbptt.Tests.Specs.SpecFixture;

namespace Orleans.Tbptt.Tests.Specs;

public class SpecValueTests
{
    [Theory]
    [InlineData("  chunkLength: 10.5",
        "8:3 tbptt.chunkLength: found 10.5, expected a whole number of 1 or more; write it without a point or an exponent")]
    [InlineData("  chunkLength: 1e3",
        "8:3 tbptt.chunkLength: found 1e3, expected a whole number of 1 or more; write it without a point or an exponent")]
    [InlineData("  chunkLength: \"10\"",
        "8:3 tbptt.chunkLength: found the text \"10\", expected a whole number of 1 or more; remove the quotes")]
    [InlineData("  chunkLength: 0x10", "8:3 tbptt.chunkLength: found 0x10, expected a whole number of 1 or more; write a whole number")]
    [InlineData("  chunkLength: [10]", "8:3 tbptt.chunkLength: found a list, expected a whole number of 1 or more; write a whole number")]
    [InlineData("  chunkLength: 0", "8:3 tbptt.chunkLength: found 0, expected a whole number of 1 or more; raise it to 1 or more")]
    [InlineData("  chunkLength: 2147483648",
        "8:3 tbptt.chunkLength: found 2147483648, expected a whole number from 1 to 2147483647; lower it to 2147483647 or less")]
    [InlineData("  chunkLength: -99999999999999999999",
        "8:3 tbptt.chunkLength: found -99999999999999999999, expected a whole number of 1 or more; raise it to 1 or more")]
    [InlineData("    lr: .nan",
        "14:5 train.optimizer.lr: found .nan, expected a number greater than 0 and at most 1e30; write a finite number, such as " +
        "0.5 or 3e-3")]
    [InlineData("    lr: -.inf",
        "14:5 train.optimizer.lr: found -.inf, expected a number greater than 0 and at most 1e30; write a finite number, such as " +
        "0.5 or 3e-3")]
    [InlineData("    lr: 1e999",
        "14:5 train.optimizer.lr: found 1e999, expected a number greater than 0 and at most 1e30; lower it to 1e30 or less")]
    [InlineData("    lr: 0", "14:5 train.optimizer.lr: found 0, expected a number greater than 0 and at most 1e30; raise it above 0")]
    [InlineData("    lr: '1e-3'",
        "14:5 train.optimizer.lr: found the text \"1e-3\", expected a number greater than 0 and at most 1e30; remove the quotes")]
    [InlineData("    lr: null", "14:5 train.optimizer.lr: found nothing, expected a number greater than 0 and at most 1e30; add lr")]
    [InlineData("    name: ADAMW",
        "13:5 train.optimizer.name: found ADAMW, expected sgd, adam, adamw, rmsprop, adagrad, nadam, radam or lion; did you mean adamw?")]
    [InlineData("    name: lamb",
        "13:5 train.optimizer.name: found lamb, expected sgd, adam, adamw, rmsprop, adagrad, nadam, radam or lion; choose one of them")]
    [InlineData("name: 10", "1:1 name: found 10, expected 1 to 60 printable characters; put it in quotes: \"10\"")]
    [InlineData("name: True", "1:1 name: found True, expected 1 to 60 printable characters; put it in quotes: \"True\"")]
    [InlineData("name: ' '", "1:1 name: found empty text, expected 1 to 60 printable characters; write text")]
    [InlineData("name: \"a\\eb\"",
        "1:1 name: found the text \"a\\u001bb\", expected 1 to 60 printable characters; remove the characters that cannot be printed")]
    [InlineData("name: a0123456789012345678901234567890123456789012345678901234567890",
        "1:1 name: found 62 characters, expected 1 to 60 printable characters; shorten it")]
    [InlineData("  source: sin",
        "5:3 data.source: found sin, expected {sources}; did you mean sine?")]
    public void Value_IsRefusedAtItsKey_WhenItDoesNotFit(string line, string problem) =>
        Assert.Equal($"run.yaml:{SourceWords.Fill(problem)}", Problem(Sine.With(line)));

    [Theory]
    [InlineData("adam", "lr: 1e300", "lr: found 1e300, expected a number greater than 0 and at most 1e30; lower it to 1e30 or less")]
    [InlineData("adam", "lr: 1.1e30", "lr: found 1.1e30, expected a number greater than 0 and at most 1e30; lower it to 1e30 or less")]
    [InlineData("adam", "lr: 1e-50",
        "lr: found 1e-50, expected a number greater than 0 and at most 1e30; raise it, for as a float32 it is 0")]
    [InlineData("adam", "lr: -1", "lr: found -1, expected a number greater than 0 and at most 1e30; raise it above 0")]
    [InlineData("adam", "lr: 1, eps: 0",
        "eps: found 0, expected a number from 1.2e-38 to 3.4e38; raise it to 1.2e-38 or more, or a gradient of 0 is divided by 0")]
    [InlineData("adamw", "lr: 1, eps: 1e-38",
        "eps: found 1e-38, expected a number from 1.2e-38 to 3.4e38; raise it to 1.2e-38 or more, or a gradient of 0 is divided by 0")]
    [InlineData("rmsprop", "lr: 1, eps: -1",
        "eps: found -1, expected a number from 1.2e-38 to 3.4e38; raise it to 1.2e-38 or more, or a gradient of 0 is divided by 0")]
    [InlineData("rmsprop", "lr: 1, eps: 3.5e38", "eps: found 3.5e38, expected a number from 1.2e-38 to 3.4e38; lower it to 3.4e38 or less")]
    [InlineData("adamw", "lr: 1, weightDecay: 1e39",
        "weightDecay: found 1e39, expected a number from 0 to 3.4e38; lower it to 3.4e38 or less")]
    [InlineData("adamw", "lr: 1, weightDecay: -1", "weightDecay: found -1, expected a number from 0 to 3.4e38; raise it to 0 or more")]
    public void Hyperparameter_IsRefused_WhenFloat32CannotHoldIt(string name, string keys, string problem)
    {
        string text = Problem(Bytes.With($"  optimizer: {{name: {name}, {keys}}}"));

        Assert.EndsWith($" train.optimizer.{problem}", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1e39", "lower it to 3.4e38 or less")]
    [InlineData("1e-50", "raise it, for as a float32 it is 0")]
    [InlineData("0", "raise it above 0")]
    public void ClipNorm_IsRefused_WhenFloat32CannotHoldIt(string value, string remedy) => Assert.EndsWith(
        $" train.clipNorm: found {value}, expected a number greater than 0 and at most 3.4e38; {remedy}",
        Problem(Sine.After("train:", $"  clipNorm: {value}")), StringComparison.Ordinal);

    [Fact]
    public void Hyperparameter_IsTaken_AtTheEndsOfItsRange()
    {
        Sound(Bytes.With("  optimizer: {name: adamw, lr: 1e30, eps: 1.2e-38, weightDecay: 3.4e38}"), "train.clipNorm=3.4e38");
        Sound(Bytes.With("  optimizer: {name: rmsprop, lr: 1.5e-45, eps: 3.4e38}"), "train.clipNorm=1.5e-45");
    }

    [Theory]
    [InlineData("sequences", "100000000", "100000001")]
    [InlineData("sequenceLength", "1000000000", "2147483647")]
    [InlineData("batchSize", "1000000", "1000001")]
    public void Size_IsRefused_BeyondWhatARunCanPlan(string key, string most, string more)
    {
        Sound(Sine, $"data.{key}={most}");
        Assert.Equal(
            $"--set data.{key}={more} data.{key}: found {more}, expected a whole number from 1 to {most}; lower it to {most} or less",
            Problem(Sine, $"data.{key}={more}"));
    }

    [Theory]
    [InlineData("yes", "write true or false")]
    [InlineData("True", "write true or false")]
    [InlineData("1", "write true or false")]
    [InlineData("\"true\"", "write true or false without quotes")]
    public void Bool_IsTrueOrFalseOnly_WhenWrittenOtherwise(string value, string remedy)
    {
        string problem = Problem(Sine.After("  batchSize", $"  shuffle: {value}"));

        Assert.StartsWith("run.yaml:7:3 data.shuffle: found ", problem, StringComparison.Ordinal);
        Assert.EndsWith($", expected true or false; {remedy}", problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("3e-3", 0.003)]
    [InlineData(".5", 0.5)]
    [InlineData("5.", 5)]
    [InlineData("+1E+2", 100)]
    [InlineData("7", 7)]
    public void Number_IsRead_WhenTheCoreSchemaHasIt(string text, double value) =>
        Assert.Equal(value, Sound(Sine.With($"    lr: {text}")).Train.Optimizer.Lr);

    [Theory]
    [InlineData("  batchSize", "  batchsize: 4", "7:3 data.batchsize: found an unknown key", "did you mean batchSize?")]
    [InlineData("  hiddenSize", "  layrs: 4", "4:3 model.layrs: found an unknown key", "did you mean layers?")]
    [InlineData("  hiddenSize", "  bogus: {a: 4}", "4:3 model.bogus: found an unknown key", "remove it, or correct its spelling")]
    [InlineData("name", "nmae: 4", "2:1 nmae: found an unknown key", "did you mean name?")]
    [InlineData("  hiddenSize", "  hiddenSize: 9", "4:3 model.hiddenSize: found the key a second time", "remove one of the two")]
    public void Key_IsRefused_WhenUnknownOrRepeated(string after, string line, string start, string end)
    {
        string problem = Problem(Sine.After(after, line));

        Assert.StartsWith($"run.yaml:{start}, expected ", problem, StringComparison.Ordinal);
        Assert.EndsWith($"; {end}", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void RequiredKey_IsReportedOnce_WhenMisspelt()
    {
        string problem = Problem(Sine.Replace("hiddenSize", "hidenSize", StringComparison.Ordinal));

        Assert.Contains("model.hidenSize: found an unknown key", problem, StringComparison.Ordinal);
        Assert.EndsWith("; did you mean hiddenSize?", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void RepeatedKey_ReportsWhereTheFirstStands_WhenInASectionToo()
    {
        string[] problems = Problems(Sine.After("  hiddenSize", "  hiddenSize: 9\nmodel: {}\nmodel: {}"));

        Assert.Equal(
            "run.yaml:4:3 model.hiddenSize: found the key a second time, expected it once (it stands at run.yaml:3:3); remove one " +
            "of the two", problems[0]);
        Assert.Equal(["run.yaml:5:1 model", "run.yaml:6:1 model"], problems[1..].Select(problem => problem.Split(": found")[0]));
    }

    [Fact]
    public void Section_IsReportedOnce_WhenMissingOrNotASection()
    {
        Assert.Equal(
            [
                "run.yaml:1:1 model: found nothing, expected a section with hiddenSize; add model",
                "run.yaml:2:1 data: found nothing, expected a section with source and batchSize; add data",
                "run.yaml:3:1 tbptt: found 3, expected a section with chunkLength or chunkCount; write its keys under tbptt:",
                "run.yaml:4:1 train: found an empty list, expected a section with epochs, loss and optimizer; write its keys under train:",
            ],
            Problems("name: x\ndata: ~\ntbptt: 3\ntrain: []"));
    }

    [Theory]
    [InlineData("[0.9,\n        1]", "16:9 train.optimizer.betas[1]: found 1, expected a number in [0, 1); lower it below 1")]
    [InlineData("[-0.1, 0.9]", "15:13 train.optimizer.betas[0]: found -0.1, expected a number in [0, 1); raise it to 0 or more")]
    [InlineData("[0.9]",
        "15:5 train.optimizer.betas: found a list of 1, expected a list of two numbers, such as [0.9, 0.999]; correct the list")]
    [InlineData("0.9",
        "15:5 train.optimizer.betas: found 0.9, expected a list of two numbers, such as [0.9, 0.999]; put it in brackets: [ ]")]
    public void Betas_AreRefused_WhenNotTwoShares(string value, string problem) =>
        Assert.Equal($"run.yaml:{problem}", Problem(Sine.After("    lr", $"    betas: {value}")));

    [Fact]
    public void Columns_AreRefusedOneByOne_WhenNotDifferentTexts()
    {
        Assert.Equal(
            [
                "run.yaml:6:15 data.inputs[1]: found 1, expected a column name; put it in quotes: \"1\"",
                "run.yaml:6:18 data.inputs[2]: found \"a\" a second time, expected each column name once; remove one of the two",
                "run.yaml:6:21 data.inputs[3]: found a list, expected a column name; write text",
                "run.yaml:7:3 data.targets: found an empty list, expected a list of column names; correct the list",
            ],
            Problems(Sine.With("  source: csv:x.csv\n  inputs: [a, 1, a, [b]]\n  targets: []")));
    }

    [Fact]
    public void Null_CountsAsLeftOut_WhenTheKeyIsOptional() =>
        Assert.Equal(Sound(Sine),
            Sound(Sine.After("  hiddenSize", "  layers: null\n  embedding: ~\n  dropout: Null").After("    lr", "    momentum: null")));

    /// <summary>
    /// A number sign begins a comment: where one names a column by it, the run would have other targets than were asked for.
    /// </summary>
    [Theory]
    [InlineData("  targets: #Passengers", "7:3 data.targets: found no value, because # begins a comment (#Passengers), expected a value; "
        + "put it in quotes: \"#Passengers\", or remove the key")]
    [InlineData("  targets:", "7:3 data.targets: found no value, expected a value; write it behind the colon, or remove the key")]
    [InlineData("  validationFraction:  # later", "7:3 data.validationFraction: found no value, because # begins a comment (# later), "
        + "expected a value; put it in quotes: \"# later\", or remove the key")]
    public void Key_IsRefused_WhenItHasNoValue(string line, string problem) =>
        Assert.Equal($"run.yaml:{problem}", Problem(Sine.With($"  source: csv:x.csv\n  inputs: [a]\n{line}")));

    [Fact]
    public void KeysOfEveryKind_AreRefusedOnce_WhenTheyHaveNoValue()
    {
        string spec = Sine.With("name:").After("  hiddenSize", "  initFrom:\n  cell:\n  embedding:").After("  source", "  shuffle:")
            .After("train:", "  clipNorm:\n  schedule:\n  sync:").After("    name", "    betas:").After("    lr", "checkpoint:");

        Assert.Equal(
            ["name", "model.initFrom", "model.cell", "model.embedding", "data.shuffle", "train.clipNorm", "train.schedule", "train.sync",
                "train.optimizer.betas", "checkpoint"],
            Problems(spec).Select(problem => problem.Split(' ')[1].TrimEnd(':')));
    }

    [Fact]
    public void KeyWithoutAValue_IsRead_WhenAnOptionSetsIt() =>
        Assert.Equal(Sound(Sine.After("train:", "  clipNorm: 3")),
            Sound(Sine.After("train:", "  clipNorm:").With("  batchSize:"), "train.clipNorm=3", "data.batchSize=4"));

    [Fact]
    public void KeyWithoutAValue_IsTakenOut_WhenAnOptionSaysSo() =>
        Assert.Equal(Sound(Sine), Sound(Sine.After("train:", "  clipNorm:"), "train.clipNorm="));

    [Fact]
    public void KeyWithoutAValue_IsRefused_WhereAnOptionHasASection() =>
        Assert.Equal("--set train.optimizer={name: sgd, lr: } train.optimizer.lr: found no value, expected a value; "
            + "write it behind the colon, or remove the key", Problem(Sine, "train.optimizer={name: sgd, lr: }"));

    [Fact]
    public void Option_IsRefused_WhenItsValueIsAComment() =>
        Assert.Equal("--set data.targets=#a data.targets: found no value, because # begins a comment (#a), expected a value; "
            + "put it in quotes: \"#a\", or remove the key", Problem(Sine.With("  source: csv:x.csv"), "data.targets=#a"));
}
