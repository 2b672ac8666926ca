import Holdfast
import HoldfastCore
import HoldfastEtcdMachines

/// One process: a store, and which member its calls and its watches go to.
struct SimulatedClient {
  var callEndpoints: EndpointMachine
  var watchEndpoints: EndpointMachine
  /// The members in the order of its configuration.
  let members: [Int]
  /// The lists that its caches want.
  var lists = ListSharing()
  /// Whether it may not read for now.
  var isForbidden = false

  init(members: [Int]) {
    self.members = members
    callEndpoints = EndpointMachine(count: members.count)
    watchEndpoints = EndpointMachine(count: members.count)
  }
}

/// A call of a client, with the machine that decides about its attempts.
struct SimulatedCall {
  enum Purpose {
    case operation(Int)
    /// Looks what became of an operation.
    case resolution(Int)
    case list(cache: Int, attempt: Int)
    case anchor(cache: Int, attempt: Int)
    case probe(cache: Int, Probe)
    case verification(SimulatedVerification)
  }

  enum State {
    case inFlight(EndpointMachine.Turn, deadline: Duration)
    case waiting(until: Duration)
  }

  let id: Int
  let client: Int
  let purpose: Purpose
  let request: CallRequest
  var retry: RetryMachine
  var state = State.waiting(until: .zero)
  /// Tells the answer to this attempt from that to an earlier one.
  var attempt = 0

  init(id: Int, client: Int, purpose: Purpose, request: CallRequest, members: Int) {
    self.id = id
    self.client = client
    self.purpose = purpose
    self.request = request
    retry = RetryMachine(request.isWrite ? .write : .read, timeout: .seconds(5), endpoints: members)
  }
}

/// A request or its answer, on its way.
struct Packet {
  enum Payload {
    case request(CallRequest)
    /// With the history that answered.
    case answer(Result<CallAnswer, CallFailure>, history: Int)
  }

  let call: Int
  let attempt: Int
  let member: Int
  var payload: Payload
}
