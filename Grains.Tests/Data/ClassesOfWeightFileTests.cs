using Orleans.Tbptt.Data.Csv;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Tests.Data;

/// <summary>Vectors of classes in files of weights, whose numbers must be those of the data.</summary>
public sealed class ClassesOfWeightFileTests : WeightFileFixture
{
    /// <summary>The run, the checkpoint or the package that weights lie in says which class has which number.</summary>
    [Theory]
    [InlineData("model.safetensors", "data.json")]
    [InlineData("checkpoints/0001-10/model.safetensors", "data.json")]
    [InlineData("model/model.safetensors", "model/config.json")]
    public void VectorsOfClasses_AreTaken_WhereTheClassesHaveTheSameNumbers(string file, string document)
    {
        string rows = Directory.Write("rows.csv", "x,shop\n1,a\n2,b\n3,a\n4,c\n5,a\n");
        DataSpec data = new() { Source = new CsvSource { Path = rows, Categorical = ["shop"] }, BatchSize = 1 };
        using var first = PreparedRun.Prepare(Given.Spec(data));
        string path = Directory.File(file), classes = Directory.File(document);
        System.IO.Directory.CreateDirectory(Path.GetDirectoryName(path)!);
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
        string rows = Directory.Write("rows.csv", "x,shop\n1,a\n2,b\n3,a\n");
        DataSpec data = new() { Source = new CsvSource { Path = rows, Categorical = ["shop"] }, BatchSize = 1 };
        using var first = PreparedRun.Prepare(Given.Spec(data));
        string path = Write("F32", layout: ParameterLayout.Of(first.Spec.Model));
        using var run = PreparedRun.Prepare(Given.Spec(data, Given.Spec(data).Model with { InitFrom = path }));

        Assert.Null(first.Description.Weights);
        Assert.StartsWith(
            "vectors of 'shop' taken by the numbers of classes, which must be those of the data that these weights were trained on",
            run.Description.Weights, StringComparison.Ordinal);
    }
}
