using Orleans.Tbptt.Data.Tables;
using Orleans.Tbptt.Training.Models;
using static Onnx.TensorProto.Types;

namespace Orleans.Tbptt.Client.Export.Onnx;

/// <summary>What becomes of the network's outputs: predictions in the units of the targets, in float64, or scores of classes.</summary>
/// <param name="graph">The graph.</param>
/// <param name="columns">The columns of the table that was trained on; null for none.</param>
/// <param name="scales">Scale them.</param>
internal sealed class ModelOutputs(GraphWriter graph, ModelColumns? columns, ColumnScales scales)
{
    /// <summary>Adds the nodes, and the output.</summary>
    /// <param name="package">The model.</param>
    /// <param name="outputs">The name of the network's outputs, <c>[time, batch, outputs]</c>.</param>
    public void Publish(ModelPackage package, string outputs)
    {
        var (name, type, about) = ("forecasts", DataType.Float, "the outputs of each time step");
        if (package.Spec.Train.Loss.OfClasses)
        {
            (name, about) = ("scores", "a score of each class; softmax makes them probabilities");
        }
        else
            outputs = new PredictionNodes(graph).Add(package.Spec.Train.Loss, package.Config.OutputSize, outputs);

        if (columns is not null)
        {
            outputs = graph.Node("Cast", "outputs_64", [outputs], GraphWriter.Attribute("to", (long)DataType.Double));
            outputs = Untransformed(columns.Targets, scales.ToUnits(columns.Targets, outputs));
            (type, about) = (DataType.Double, $"{string.Join(", ", columns.Headings)} rows ahead, in the units of the columns");
        }

        graph.Publish(
            outputs, name, type, about, GraphWriter.Any("time"), GraphWriter.Any("batch"), GraphWriter.Fixed(package.Config.OutputSize));
    }

    /// <summary>Makes values of logarithms. A difference stays one.</summary>
    private string Untransformed(IReadOnlyList<ValueColumn> targets, string units)
    {
        string result = units;
        foreach (var (kind, word) in new[] { (ColumnTransform.Log, "log"), (ColumnTransform.Log1P, "log1p") })
        {
            if (targets.All(one => one.Transform != kind))
                continue;
            string values = graph.Node("Exp", $"powers_{word}", [units]);
            if (kind == ColumnTransform.Log1P)
                values = graph.Node("Sub", "powers_less_one", [values, graph.Constant("less", [1.0])]);
            graph.Constant<bool>($"is_{word}_target", [.. targets.Select(one => one.Transform == kind)], targets.Count);
            result = graph.Node("Where", $"values_{word}", [$"is_{word}_target", values, result]);
        }

        return result;
    }
}
