using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Data.Weights;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Keys;
using Orleans.Tbptt.Specs.Writing;
using Orleans.Tbptt.Tests.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training;
using Orleans.Tbptt.Training.Fused.Cells;

namespace Orleans.Tbptt.Tests.Data;

/// <summary>Initial weights that other programs have written.</summary>
public sealed class WeightFileTests : WeightFileFixture
{
    [Theory]
    [InlineData("F32", null)]
    [InlineData("F16", "F16 converted to float32")]
    [InlineData("BF16", "BF16 converted to float32")]
    [InlineData("F64", "F64 converted to float32, rounded to nearest, ties to even")]
    public void Types_AreConverted(string type, string? note)
    {
        double[] given = [.. Weights.Select(value => type switch
        {
            "F16" => (double)(Half)value,
            "BF16" => BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(value) & ~0xffff),
            "F32" => value,
            _ => value + (value * 1e-9),
        })];
        string path = Write(type, given);

        Bits.Same([.. given.Select(value => (float)value)], Read(path));
        Assert.Equal(note, WeightFile.Match(path, Model).Note);
    }

    /// <summary>Halfway between two floats, the one whose last bit is 0.</summary>
    [Fact]
    public void Doubles_AreRoundedToNearest_TiesToEven()
    {
        double step = Math.Pow(2, -23);
        double[] given = new double[Layout.Length];
        (double Given, float Expected)[] cases =
            [(1 + (step / 2), 1), (1 + (1.5 * step), (float)(1 + (2 * step))), (1 + (0.51 * step), (float)(1 + step)), (double.Epsilon, 0),
                (-1e-40, -1e-40f), (1e30, 1e30f)];
        for (int i = 0; i < cases.Length; i++)
            given[i] = cases[i].Given;

        Bits.Same((float[])[.. cases.Select(one => one.Expected)], Read(Write("F64", given)).AsSpan(0, cases.Length));
    }

    [Fact]
    public void Doubles_ThatFloatCannotHold_AreRefused()
    {
        double[] given = new double[Layout.Length];
        given[4] = -1e300;

        Assert.StartsWith("model.initFrom: found a number in 'rnn.weight_ih_l0' of ", Refusal(() => Read(Write("F64", given))),
            StringComparison.Ordinal);
    }

    [Fact]
    public void HalvesAndBfloats_KeepEveryNumber()
    {
        using var directory = new TempDirectory();
        var large = Model with { HiddenSize = 130 };
        int length = ParameterLayout.Of(large).Length;
        double[] halves = [.. Enumerable.Range(0, length).Select(i => (double)BitConverter.UInt16BitsToHalf((ushort)(i % 0x7c00)))];
        string path = Write("F16", halves, layout: ParameterLayout.Of(large));

        Bits.Same([.. halves.Select(value => (float)value)], Read(path, large));
    }

    [Fact]
    public void Rename_IsAppliedOnce_SoThatNamesCanBeSwapped()
    {
        var rename = new NameMap([new("rnn.a", "rnn.b"), new("rnn.b", "rnn.a"), new("lstm", "rnn")]);

        Assert.Equal(["rnn.b", "rnn.a", "rnn.c", "rnn.c"],
            new[] { "rnn.a", "rnn.b", "lstm.c", "module.lstm.c" }.Select(name => TensorNames.Here(name, rename)));
    }

    [Theory]
    [InlineData("module.", "read under other names")]
    [InlineData("_orig_mod.", "read under other names")]
    [InlineData("model.", "read under other names")]
    [InlineData("_orig_mod.module.model.", "read under other names")]
    public void Wrappers_AreStripped(string prefix, string note)
    {
        string path = Write("F32", rename: name => prefix + name);

        Bits.Same(Weights, Read(path));
        Assert.Equal(note, WeightFile.Match(path, Model).Note);
    }

    [Theory]
    [InlineData("lstm", "fc", "lstm.* read as rnn.*, fc.* read as head.*, because shapes fit this way only")]
    [InlineData("module.encoder.lstm", "decoder",
        "encoder.lstm.* read as rnn.*, decoder.* read as head.*, because shapes fit this way only")]
    [InlineData("", "out", "names without a module read as rnn.*, out.* read as head.*, because shapes fit this way only")]
    public void Modules_AreTaken_WhereShapesFitOneWayOnly(string recurrent, string head, string note)
    {
        string path = Write("F32", rename: name => Under(name, recurrent, head));

        Bits.Same(Weights, Read(path));
        Assert.Equal(note, WeightFile.Match(path, Model).Note);
    }

    [Fact]
    public void Names_AreReplaced_ByTheSpecsMap()
    {
        string path = Write("F32", rename: name => name == "head.bias" ? "odd" : "model." + Under(name, "a.b", "c"));
        var model = Model with { Rename = new([new("a.b", "rnn"), new("model.c", "head"), new("odd", "head.bias")]) };

        Bits.Same(Weights, Read(path, model));
        Assert.Equal("read under other names", WeightFile.Match(path, model).Note);
    }

    [Fact]
    public void TwoModulesThatFit_AreRefused_WithTheKeyToWrite()
    {
        string path = Write("F32", rename: name => Under(name, "lstm", "fc1"), more: [("fc2.weight", [1, 3]), ("fc2.bias", [1])]);

        Assert.Equal(
            $"model.initFrom: found 'fc1.weight', 'fc1.bias', 'fc2.weight', 'fc2.bias' in {path}, expected tensors 'head.weight', "
            + "'head.bias'; write rename: {fc1: head} (head can be fc1 or fc2) under model, by what they are", Refusal(() => Read(path)));
        Assert.Equal($"model.initFrom: found 'fc1.weight', 'fc1.bias' in {path}, which this model does not have, expected the tensors of "
            + "this model alone; save those of this model only",
            Refusal(() => Read(path, Model with { Rename = new([new("fc2", "head")]) })));
    }

    [Fact]
    public void OtherNames_AreRefusedOnce_WithTheKeyToWrite() => Assert.Matches(
        @"^model.initFrom: found 'cell.weight_ih', .* in .*, expected tensors 'rnn.weight_ih_l0', .*; "
        + @"write rename: \{cell: rnn\} under model",
        Refusal(() => Read(Write("F32", rename: name => name.Replace("rnn.", "cell.").Replace("_l0", "")))));

    [Theory]
    [InlineData("rnn", "head")]
    [InlineData("lstm", "fc")]
    public void OtherShapes_AreRefusedOnce_WithTheKeysToWrite(string recurrent, string head)
    {
        var other = Model with { HiddenSize = 5, OutputSize = 2, Cell = new GruCell() };
        string path = Write("F32", layout: ParameterLayout.Of(other), rename: name => Under(name, recurrent, head));

        Assert.Matches("^model.initFrom: found .* and 5 more of another one in .*; write model.hiddenSize: 5 and model.cell: gru and "
            + "model.outputSize: 2, which the file's shapes ask for, or use weights of this model$", Refusal(() => Read(path)));
    }

    [Fact]
    public void OtherTypes_AreRefusedOnce_WithTheConversion() => Assert.Matches(
        @"^model.initFrom: found 'rnn.weight_ih_l0' of type I64 and 5 more of another one in .*, expected tensors of type F32, F16, BF16, "
        + @"F64; convert them in Python: \.float\(\)", Refusal(() => Read(Write("I64"))));

    [Fact]
    public void TwoTensorsOfOneName_AreRefused() => Assert.Contains(
        "'head.bias', 'module.head.bias'", Refusal(() => Read(Write("F32", more: [("module.head.bias", [1])]))), StringComparison.Ordinal);

    [Theory]
    [InlineData(new byte[] { (byte)'P', (byte)'K', 3, 4, 0, 0, 0, 0, 0, 0 }, false)]
    [InlineData(new byte[] { 0x80, 0x02, (byte)'}', 0, 0, 0, 0, 0, 0, 0 }, true)]
    public void TorchsOwnFile_IsRefused_WithTheLinesThatHelp(byte[] start, bool canBeConverted)
    {
        string path = Directory.Write("w.pt", start);

        string refusal = Refusal(() => Read(path));

        Assert.StartsWith("model.initFrom: found a PyTorch file ", refusal, StringComparison.Ordinal);
        Assert.Contains(
            $" at {path}, expected a state dict of PyTorch 1.6 or later, or a safetensors file; ", refusal, StringComparison.Ordinal);
        Assert.EndsWith(
            canBeConverted ? $"\"contiguous\")}}, \"{Directory.File("w.safetensors")}\")"
                : $"torch.save(model.state_dict(), \"{path}\"), or name a safetensors file", refusal, StringComparison.Ordinal);
    }

    [Fact]
    public void Note_StandsInTheRunsDescription()
    {
        string path = Write("F16", layout: ParameterLayout.Of(Model with { InputSize = 1 }), rename: name => Under(name, "lstm", "fc"));
        using var run = PreparedRun.Prepare(Given.Spec(Given.Synthetic("sine"), Model with { InputSize = null, InitFrom = path }));

        Assert.StartsWith("F16 converted to float32; lstm.* read as rnn.*", run.Description.Weights, StringComparison.Ordinal);
        Assert.EndsWith($"; initial weights: {run.Description.Weights}", run.Description.Summary, StringComparison.Ordinal);
    }

    [Fact]
    public void Map_IsReadAndWritten()
    {
        var spec = SpecFixture.Sound(SpecFixture.Sine.After(
            "  hiddenSize", "  initFrom: w.safetensors\n  rename: {lstm: rnn, \"a.b\": \"head\"}"));

        Assert.Equal(new NameMap([new("lstm", "rnn"), new("a.b", "head")]), spec.Model.Rename);
        Assert.Equal(spec, SpecLoader.Parse(SpecWriter.ToYaml(spec), "spec.yaml", "/", filesMustExist: false).Spec);
        Assert.DoesNotContain("rename", SpecWriter.ToYaml(spec with { Model = spec.Model with { Rename = NameMap.None } }),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("  rename: {lstm: rnn}",
        "4:3 model.rename: found names without model.initFrom, expected names of a file of weights; remove it, or "
        + "name the file")]
    [InlineData("  initFrom: w\n  rename: [lstm]",
        "5:3 model.rename: found a list, expected names, each with the one that takes its place; write rename: {OLD: NEW}")]
    [InlineData("  initFrom: w\n  rename: {lstm: }",
        "5:12 model.rename.lstm: found no value, expected a name; write it behind the colon, or remove the key")]
    [InlineData("  initFrom: w\n  rename: {lstm: 3}", "5:12 model.rename.lstm: found 3, expected a name; put it in quotes: \"3\"")]
    public void Map_IsRefused_WhenItIsNone(string lines, string problem) =>
        Assert.Equal($"run.yaml:{problem}", SpecFixture.Problem(SpecFixture.Sine.After("  hiddenSize", lines)));

    private static string Under(string name, string recurrent, string head)
    {
        string module = name.StartsWith("rnn.", StringComparison.Ordinal) ? recurrent : head;
        return module.Length == 0 ? name[(name.IndexOf('.') + 1)..] : $"{module}.{name[(name.IndexOf('.') + 1)..]}";
    }
}
