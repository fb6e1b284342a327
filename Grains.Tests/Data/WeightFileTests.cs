using System.Runtime.InteropServices;
using Orleans.Tbptt.Data.Csv;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Data.Safetensors;
using Orleans.Tbptt.Data.Weights;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Keys;
using Orleans.Tbptt.Specs.Writing;
using Orleans.Tbptt.Tests.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Tests.Training.Reference;
using Orleans.Tbptt.Training;
using Orleans.Tbptt.Training.Fused.Cells;

namespace Orleans.Tbptt.Tests.Data;

/// <summary>Initial weights that other programs have written.</summary>
public sealed class WeightFileTests : IDisposable
{
    private static readonly ModelSpec Model = new() { Cell = new LstmCell(), HiddenSize = 3, InputSize = 2, OutputSize = 1 };
    private static readonly ParameterLayout Layout = ParameterLayout.Of(Model);
    private static readonly float[] Weights = new Draws(5).Floats(Layout.Length);

    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

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

    /// <summary>As a state dict of PyTorch has a weight that two modules share.</summary>
    [Fact]
    public void TiedWeight_MayStandUnderBothNames_WhereItsNumbersAreTheSame()
    {
        var tied = Model with
        {
            InputSize = 3, OutputSize = 4, Embedding = new() { Vocabulary = 4, Size = 3 }, TieWeights = true,
        };
        var (layout, own) = (ParameterLayout.Of(tied with { TieWeights = false }), ParameterLayout.Of(tied));
        float[] weights = new Draws(5).Floats(layout.Length);
        var head = weights.AsSpan(layout.Slots[^2].Offset, layout.Slots[^2].Length);
        weights.AsSpan(0, head.Length).CopyTo(head);
        string Save()
        {
            string path = _directory.Write("tied.safetensors", "");
            using var stream = File.Create(path);
            SafetensorsFile.Write(stream, layout, weights);
            return path;
        }

        float[] expected = [.. weights.AsSpan(0, layout.Slots[^2].Offset), .. weights.AsSpan(layout.Slots[^1].Offset)];
        Assert.Equal(own.Length, expected.Length);
        var read = new float[own.Length];
        WeightFile.ReadInto(Save(), tied, read);
        Bits.Same(expected, read);

        weights[layout.Slots[^2].Offset] += 1;
        Assert.Contains("that differs from the weight of the embedding", Refusal(() => WeightFile.ReadInto(Save(), tied, read)),
            StringComparison.Ordinal);
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
        string path = _directory.Write("w.pt", start);

        string refusal = Refusal(() => Read(path));

        Assert.StartsWith("model.initFrom: found a PyTorch file ", refusal, StringComparison.Ordinal);
        Assert.Contains(
            $" at {path}, expected a state dict of PyTorch 1.6 or later, or a safetensors file; ", refusal, StringComparison.Ordinal);
        Assert.EndsWith(
            canBeConverted ? $"\"contiguous\")}}, \"{_directory.File("w.safetensors")}\")"
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

    /// <summary>The run, the checkpoint or the package that weights lie in says which class has which number.</summary>
    [Theory]
    [InlineData("model.safetensors", "data.json")]
    [InlineData("checkpoints/0001-10/model.safetensors", "data.json")]
    [InlineData("model/model.safetensors", "model/config.json")]
    public void VectorsOfClasses_AreTaken_WhereTheClassesHaveTheSameNumbers(string file, string document)
    {
        string rows = _directory.Write("rows.csv", "x,shop\n1,a\n2,b\n3,a\n4,c\n5,a\n");
        DataSpec data = new() { Source = new CsvSource { Path = rows, Categorical = ["shop"] }, BatchSize = 1 };
        using var first = PreparedRun.Prepare(Given.Spec(data));
        string path = _directory.File(file), classes = _directory.File(document);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.Copy(Write("F32", layout: ParameterLayout.Of(first.Spec.Model)), path);
        File.WriteAllText(classes, document.EndsWith("data.json", StringComparison.Ordinal)
            ? RunJson.Write(new RunData(first.Files, first.Description))
            : "{\"columns\": [{\"name\": \"shop\", \"classes\": [{\"name\": \"<unknown>\"}, {\"name\": \"a\"}, {\"name\": \"b\"}, "
                + "{\"name\": \"c\"}]}]}");
        ModelSpec model = Given.Spec(data).Model with { InitFrom = path };
        using (var run = PreparedRun.Prepare(Given.Spec(data, model)))
            Assert.Null(run.Description.Weights);

        // A class less at the end is a row of the table that no row of the data takes.
        File.WriteAllText(rows, "x,shop\n1,a\n2,b\n3,a\n4,b\n5,a\n");
        Assert.Contains("write model.classes: {shop: 4}, which the file's shapes ask for", Refused(model), StringComparison.Ordinal);
        ModelSpec wider = model with { Classes = new([new("shop", 4)]), Embeddings = first.Spec.Model.Embeddings };
        using (var run = PreparedRun.Prepare(Given.Spec(data, wider)))
            Assert.Equal(first.Spec.Model.Classes, run.Spec.Model.Classes);

        File.WriteAllText(rows, "x,shop\n1,b\n2,a\n3,a\n4,c\n5,a\n");
        Assert.StartsWith(
            $"model.initFrom: found class 'b' of column 'shop' with number 1, which is that of 'a' in {classes}, expected the classes of "
            + "the data that these weights were trained on, in the order in which those have them; put rows first", Refused(model),
            StringComparison.Ordinal);

        string Refused(ModelSpec one) => Assert.Single(
            Assert.Throws<SpecException>(() => PreparedRun.Prepare(Given.Spec(data, one)).Dispose()).Problems).ToString();
    }

    /// <summary>The file has no names of classes: nothing but people can compare their order.</summary>
    [Fact]
    public void VectorsOfClasses_AreRemarkedOn_BecauseTheyAreTakenByNumber()
    {
        string rows = _directory.Write("rows.csv", "x,shop\n1,a\n2,b\n3,a\n");
        DataSpec data = new() { Source = new CsvSource { Path = rows, Categorical = ["shop"] }, BatchSize = 1 };
        using var first = PreparedRun.Prepare(Given.Spec(data));
        string path = Write("F32", layout: ParameterLayout.Of(first.Spec.Model));
        using var run = PreparedRun.Prepare(Given.Spec(data, Given.Spec(data).Model with { InitFrom = path }));

        Assert.Null(first.Description.Weights);
        Assert.StartsWith(
            "vectors of 'shop' taken by the numbers of classes, which must be those of the data that these weights were trained on",
            run.Description.Weights, StringComparison.Ordinal);
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

    private static float[] Read(string path, ModelSpec? model = null)
    {
        float[] read = new float[ParameterLayout.Of(model ?? Model).Length];
        WeightFile.ReadInto(path, model ?? Model, read);
        return read;
    }

    private static string Refusal(Action read) => Assert.Single(Assert.Throws<SpecException>(read).Problems).ToString();

    /// <summary>Writes a layout's tensors, and others of zeros behind them.</summary>
    private string Write(
        string type, double[]? values = null, ParameterLayout? layout = null, Func<string, string>? rename = null,
        (string Name, int[] Shape)[]? more = null)
    {
        layout ??= Layout;
        values ??= [.. (layout == Layout ? Weights : new float[layout.Length]).Select(value => (double)value)];
        var tensors = layout.Slots.Select(slot => (Name: rename is null ? slot.Name : rename(slot.Name), Shape: slot.Shape.ToArray()))
            .Concat(more ?? []).ToList();
        byte[] bytes = [.. values.Concat(new double[tensors.Sum(tensor => tensor.Shape.Aggregate(1, (a, b) => a * b)) - values.Length])
            .SelectMany(value => Encode(type, value))];
        int size = Encode(type, 0).Length, at = 0;
        string header = string.Join(",", tensors.Select(tensor =>
        {
            int length = tensor.Shape.Aggregate(1, (a, b) => a * b) * size;
            string entry = $"\"{tensor.Name}\":{{\"dtype\":\"{type}\",\"shape\":[{string.Join(",", tensor.Shape)}],"
                + $"\"data_offsets\":[{at},{at + length}]}}";
            at += length;
            return entry;
        }));
        byte[] text = System.Text.Encoding.UTF8.GetBytes($"{{{header}}}");
        return _directory.Write($"{Guid.NewGuid():N}.safetensors", [.. BitConverter.GetBytes((long)text.Length), .. text, .. bytes]);
    }

    private static byte[] Encode(string type, double value) => type switch
    {
        "F16" => BitConverter.GetBytes((Half)value),
        "BF16" => MemoryMarshal.AsBytes<float>([(float)value])[2..].ToArray(),
        "F64" => BitConverter.GetBytes(value),
        "I64" => BitConverter.GetBytes((long)value),
        _ => BitConverter.GetBytes((float)value),
    };
}
