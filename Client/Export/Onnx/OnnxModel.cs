using Onnx;
using Orleans.Tbptt.Data.Tables;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Models;
using static Onnx.TensorProto.Types;

namespace Orleans.Tbptt.Client.Export.Onnx;

/// <summary>
/// A trained model as a graph of ONNX, from the cells of a table to forecasts in its units, with the hidden state as inputs and outputs:
/// <code>
/// values, classes, series ─▶ TableInputs ─▶ layer 0 ─▶ … ─▶ head ─▶ units ─▶ forecasts
///                                h_l0, c_l0 ⤴ ⤵ next_h_l0, next_c_l0
/// </code>
/// A bidirectional model has the lengths of its sequences as an input in the states' place (<see cref="WholeSequenceLayers"/>).
/// A pure function of the package: equal packages give equal bytes.
/// </summary>
/// <remarks>
/// IR version 8, operator sets 17 and ai.onnx.ml 2: those of ONNX 1.12 (June 2022), which have every operator that is needed here, so that
/// older runtimes read it, too. Operators: https://onnx.ai/onnx/operators/.
/// </remarks>
internal sealed class OnnxModel
{
    private const long IrVersion = 8;
    private const long OperatorSet = 17;
    private const long LearningOperatorSet = 2;

    private readonly ModelPackage _package;
    private readonly ModelSpec _model;
    private readonly ModelParameters _parameters;
    private readonly GraphWriter _graph;
    private readonly bool _fromEnd;
    private readonly float[] _initial;
    private readonly HiddenLayout _states;

    private OnnxModel(ModelPackage package, bool fromEnd)
    {
        (_package, _model, _fromEnd) = (package, package.Spec.Model, fromEnd);
        _initial = _model.Bidirectional ? [] : fromEnd ? TrainingEnd.StateOf(package) : Forecaster.Starts(package);
        _states = new(_model);
        _parameters = new(_model, package.Parameters);
        _graph = new(package.Config.Run);
    }

    /// <summary>The graph of a model.</summary>
    /// <param name="package">The model.</param>
    /// <param name="fromEnd">Whether the state that is not fed is that at the end of training; otherwise, by default, that with which a
    /// sequence starts.</param>
    /// <exception cref="ClientException">The model cannot be exported; the message says why, and what to do.</exception>
    public static ModelProto Of(ModelPackage package, bool fromEnd = false)
    {
        if (package.Spec.Model.Cell.OnnxOperator is not { } cell)
        {
            throw new ClientException(
                $"--format onnx: found the cell {package.Spec.Model.Cell.Word}, expected one with an operator in ONNX, such as lstm, gru "
                + "or rnn; export it as a package, or train the spec with another cell", ExitCode.Failed);
        }

        if (package.Spec.Model.Dropout.Zones)
        {
            throw new ClientException(
                "--format onnx: found a model with zoneout, whose states are means of two, expected one without, because ONNX's operators "
                + "run a layer's time steps as a whole; export it as a package, or train the spec without", ExitCode.Failed);
        }

        if (fromEnd && package.Spec.TakesWholeSequences)
        {
            throw new ClientException(
                "--from-state: found end with a model that takes whole sequences, expected zero, because each sequence begins anew",
                ExitCode.Usage);
        }

        if (package.Spec.Model is { LearnInitialState: true, Cell.Projection: not null })
        {
            throw new ClientException(
                "--format onnx: found a learned initial state of an LSTM with a projection, expected one of the two, because the graph has "
                + "o · tanh c as its state, which cannot be known from the h that was learned; export it as a package, or train the spec "
                + "without one of them", ExitCode.Failed);
        }

        if (fromEnd && package.Spec.Model.Cell.Projection is not null)
        {
            throw new ClientException(
                "--from-state: found end, expected zero, because the graph of an LSTM with a projection has o · tanh c as its state, "
                + "which cannot be known from the h that training kept; feed the graph the rows before those to forecast from",
                ExitCode.Usage);
        }

        return fromEnd && TrainingEnd.Problem(package) is { } problem
            ? throw new ClientException(
                $"--from-state: found end, expected zero: {problem}; feed the graph the state of each series", ExitCode.Usage)
            : new OnnxModel(package, fromEnd).Build(cell);
    }

    /// <summary>The type and shape of an input or output, such as <c>double [time, batch, 2]</c>.</summary>
    public static string Shape(ValueInfoProto value) =>
        $"{((DataType)value.Type.TensorType.ElemType).ToString().ToLowerInvariant()} ["
        + string.Join(", ", value.Type.TensorType.Shape.Dim.Select(one => one.HasDimParam ? one.DimParam : $"{one.DimValue}")) + "]";

    private ModelProto Build(OnnxOperator cell)
    {
        ModelColumns? columns = _package.Spec.Data.Source is TableSource table ? ModelColumns.Of(_package, table) : null;
        var scales = new ColumnScales(_graph, columns?.Series ?? []);
        string features = columns is not null ? new TableInputs(_graph, columns, scales).Add(_model, _parameters)
            : _model.Embedding is not null ? Tokens()
            : Values();
        string outputs = features;
        var whole = _model.Bidirectional ? new WholeSequenceLayers(_graph, _parameters, _model) : null;
        whole?.Begin();
        for (int layer = 0; layer < _model.Layers; layer++)
            outputs = Finish(layer, whole is null ? Layer(cell, layer, outputs) : whole.Add(cell, layer, outputs), outputs);
        _parameters.AddHead(_graph, ParameterLayout.HeadWeight);
        _parameters.Add(_graph, "head.bias");
        outputs = _graph.Node("Add", "outputs", [_graph.Node("MatMul", "products", [outputs, "head.weight"]), "head.bias"]);
        new ModelOutputs(_graph, columns, scales).Publish(_package, outputs);
        var built = new ModelProto
        {
            IrVersion = IrVersion, ProducerName = "Orleans.Tbptt", ProducerVersion = _package.Config.Product, Graph = _graph.Graph,
            DocString = $"Run {_package.Config.Run}: {_package.Config.Cell} of {_model.HiddenSize} units, {_model.Layers} layers. "
                + (whole is null ? "Each state that is an output is the input without next_ of the next call."
                    : "Each sequence is fed as a whole, with its length."),
        };
        built.OpsetImport.AddRange(_graph.OperatorSets(OperatorSet, LearningOperatorSet));
        built.MetadataProps.AddRange(GraphMetadata.Of(_package, columns, _graph.States, _fromEnd));
        return built;
    }

    private string Values()
    {
        _graph.Input(
            "values", DataType.Float, $"{_model.ValueInputs} inputs of each time step",
            GraphWriter.Any("time"), GraphWriter.Any("batch"), GraphWriter.Fixed(_model.ValueInputs));
        return _graph.RefuseNonFinite("values_has_a_number_that_is_not_finite", "features", "values");
    }

    /// <summary>A negative token would be counted from the last one: it is looked up outside of the table, which is refused.</summary>
    private string Tokens()
    {
        _graph.Input("tokens", DataType.Int64, "the tokens by their numbers", GraphWriter.Any("time"), GraphWriter.Any("batch"));
        _graph.Constant<long>("first_token", [0]);
        _graph.Constant<long>("no_token", [_model.Tables[0].Classes]);
        _graph.Node("Less", "is_negative", ["tokens", "first_token"]);
        _graph.Node("Where", "tokens_from_zero", ["is_negative", "no_token", "tokens"]);
        return _graph.Node("Gather", "features", [_parameters.Add(_graph, _model.Tables[0].Name), "tokens_from_zero"]);
    }

    /// <summary>What a layer gives to the next one: h normalised, its inputs added, as the model has it.</summary>
    private string Finish(int layer, string outputs, string inputs)
    {
        if (_model.LayerNorm)
        {
            outputs = _graph.Node(
                "LayerNormalization", $"normalised_l{layer}",
                [outputs, _parameters.Add(_graph, $"norm.weight_l{layer}"), _parameters.Add(_graph, $"norm.bias_l{layer}")]);
        }

        return _model.Residual && layer > 0 ? _graph.Node("Add", $"sums_l{layer}", [outputs, inputs]) : outputs;
    }

    // [time, batch, inputs] to [time, batch, units]; the operator has a dimension for directions, which is 1.
    private string Layer(OnnxOperator cell, int layer, string inputs)
    {
        bool isProjected = _model.Cell.Projection is not null;
        List<string> from =
        [
            inputs, _parameters.AddGates(_graph, $"rnn.weight_ih_l{layer}", cell.Gates),
            isProjected ? _parameters.AddProjectedGates(_graph, layer, cell.Gates)
                : _parameters.AddGates(_graph, $"rnn.weight_hh_l{layer}", cell.Gates),
            _parameters.AddBiases(_graph, layer, cell.Gates), "",
        ];
        List<string> to = [$"directions_l{layer}"];
        foreach (var (place, kind) in _model.Cell.StateNames.Index())
        {
            // The operator has no projection: its h is what is projected, m, which enters the gates by the product of both weights.
            bool isUnprojected = isProjected && place == 0;
            var initial = isUnprojected ? new float[_model.HiddenSize]
                : _initial.AsSpan(_states.Offset(place, layer), _states.Width(place));
            string name = isUnprojected ? "m" : kind;
            var (before, after) = _graph.State<float>($"{name}_l{layer}", initial, $"{name} of layer {layer}");
            from.Add(before);
            to.Add(after);
        }

        _graph.Node(cell.Type, to, from, [.. cell.Attributes(_model.HiddenSize)]);
        if (layer == 0)
            _graph.Constant<long>("directions_axis", [1], 1);
        string outputs = _graph.Node("Squeeze", isProjected ? $"unprojected_l{layer}" : $"outputs_l{layer}", [to[0], "directions_axis"]);
        string weight = $"rnn.weight_hr_l{layer}";
        return isProjected
            ? _graph.Node("MatMul", $"outputs_l{layer}", [outputs, _parameters.AddTransposed(_graph, weight, weight)]) : outputs;
    }
}
