namespace Orleans.Tbptt.Specs;

/// <summary>
/// The operator of ONNX that has a cell's equations: what a trained model's export as ONNX is made of. The cell has the parameters of
/// <see cref="CellSpec.Parameters"/> as they are declared there, and the operator the inputs of ONNX's LSTM, GRU and RNN.
/// </summary>
/// <param name="Type">Its type, such as <c>LSTM</c>.</param>
/// <param name="Gates">The gates in the operator's order, each by its number in the cell's: ONNX's LSTM has i, o, f, g.</param>
/// <param name="LinearBeforeReset">
/// Whether the operator's attribute <c>linear_before_reset</c> is set, which a GRU with PyTorch's equations needs. Default false.
/// </param>
/// <param name="Activation">The operator's one activation, such as <c>Relu</c>; null for its defaults. Default null.</param>
public sealed record OnnxOperator(string Type, IReadOnlyList<int> Gates, bool LinearBeforeReset = false, string? Activation = null);
