using System.Globalization;
using Google.Protobuf;
using Orleans.Tbptt.Client.Export.Onnx;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Tests.Client.Export;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training.Models;

namespace Orleans.Tbptt.Tests.Deploy.Packages;

/// <summary>The example that forecasts in ONNX Runtime, built and run as somebody else's program.</summary>
[Slow]
public sealed class OnnxForecastTests
{
    private const int Rows = 60;

    private static string Example => SourceTree.Of("examples", "OnnxForecast");

    [Fact]
    public void Program_IsShort() => Assert.InRange(File.ReadAllLines(Path.Combine(Example, "Program.cs")).Length, 1, 25);

    [Fact]
    public void Example_PrintsOurForecasts()
    {
        using var directory = new TemporaryDirectory();
        string project = Directory.CreateDirectory(directory.File("example")).FullName, graph = directory.File("shops.onnx");
        foreach (string file in Directory.EnumerateFiles(Example))
            File.Copy(file, Path.Combine(project, Path.GetFileName(file)));
        var panel = new Panel(directory.Path, 1, Rows);
        var package = panel.Model("cell: lstm, hiddenSize: 8", "inputs: [price, sales], targets: [sales], transform: {price: difference}");
        using (var stream = File.Create(graph))
            OnnxModel.Of(package).WriteTo(stream);

        string output = LocalFeed.DotNet(project, LocalFeed.None, ["run", "-c", "Release", "--", graph, panel.Path]);

        using var data = Forecasting.Open(package.Spec, package.Config.Contents, panel.Path);
        List<double> expected = [];
        Forecaster.Run(
            package, data, new float[Forecaster.HiddenLength(package)], (_, forecasts) => expected.AddRange(forecasts));
        double[] found = [.. output.TrimEnd().Split('\n').Select(line => double.Parse(line, CultureInfo.InvariantCulture))];
        Assert.Equal(Rows, found.Length);
        // 1e-5 of the deviation of the sales.
        Assert.All(expected.Zip(found), pair => Assert.Equal(pair.First, pair.Second, 1.4e-4));
    }
}
